/** The public interface: everything here runs without Node, also in the worker of a browser. */

export { kernelRelease, kernelRules } from "./linux/kernel-rules.js";
export type { KernelRules, PageAllocRules } from "./linux/rules.js";
export {
  type AllocFailure,
  freeUnaccepted,
  type MemoryAcceptor,
  PageAllocator,
  type PageAllocatorOptions,
  verifyInvariants,
} from "./page-alloc/index.js";
export type { Behaviour, Behaviours } from "./policy/behaviour.js";
export { type Policies, policies, registerPolicy } from "./policy/policies.js";
export { definePolicy, type Policy, type PolicyParameter, type PolicyParameters } from "./policy/policy.js";
export { formatMarkdown, formatTable } from "./report/rows.js";
export { formatRunSummary } from "./report/run-summary.js";
export type { Paint, TextRole } from "./report/table.js";
export { formatCsv, formatJson, formatJsonl } from "./results/formats.js";
export type {
  CompareRow,
  Outcome,
  PhaseTime,
  RequestCounts,
  RunResult,
  Settings,
  WaitSummary,
} from "./results/row.js";
export { RESULT_SCHEMA_VERSION } from "./results/row.js";
export { formatIssue, type IssuePlace, ScenarioError, type ScenarioIssue } from "./scenario/error.js";
export { parseScenario } from "./scenario/load.js";
export type {
  FirmwareName,
  HostPageSize,
  PlatformKind,
  Scenario,
} from "./scenario/scenario.js";
export { type Assignment, parseAssignment } from "./scenario/set.js";
export { parseYamlWithPositions } from "./scenario/yaml.js";
export { compare } from "./study/compare.js";
export { runScenario } from "./study/run-scenario.js";
export { formatBytes, formatDuration, parseDuration, parseSize } from "./units.js";
export type { RecordingFiles } from "./verify/recording-files.js";
export { recordingHolds, type VerifiedRecording, type VerifiedRun } from "./verify/result.js";
export { verifyRecording } from "./verify/verify.js";
export type { LoadedWorkload, RecordedRequests } from "./workload/after-boot.js";
export { buildRequests } from "./workload/build-requests.js";
export type { PageEvents } from "./workload/events.js";
export { type Recording, recordingSchema } from "./workload/recording.js";
export type { ImportReport, Requests } from "./workload/requests.js";
export { TraceError } from "./workload/trace-error.js";
export { TracefsReader } from "./workload/tracefs.js";
