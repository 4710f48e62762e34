/**
 * The library: everything here runs without Node, also in the worker of a browser. `unaccepted/node` loads scenarios
 * and workloads from files. Examples that run: `workloads/library`.
 *
 * Units are in names: `...Ns` is integer nanoseconds, `...Bytes` integer bytes, `pfn` a page frame of 4 KiB. The same
 * scenario and workload give the same result, to the last bit.
 */

// Prices of a machine, as a file has them; and those of a platform on it, with their ranges and sources.
export type { Basis, Parameter as Price, ParameterSet as Prices } from "./coco/parameters.js";
export { PLATFORM_KINDS } from "./coco/platforms.js";
export { DEFAULT_PRICES, type PriceSet, parametersOf as pricesOf, type SetPrice } from "./coco/price-set.js";
// What can be said in a scenario, and within which bounds: for those who make a form of it.
export type { Field, Fields } from "./fields/field.js";
export { type Key, keysOf } from "./fields/keys.js";
// The page allocator alone, without guest, platform or time; and the rules of each kernel.
export { kernelRelease, kernelRules, knownReleases } from "./linux/kernel-rules.js";
export type { KernelRules, PageAllocRules } from "./linux/rules.js";
// A guest's memory over time, and what it looks like after any accept.
export { type AddressAxis, addressAxis, isAcceptance } from "./memory-map/address-axis.js";
export { formatMemoryMap } from "./memory-map/format.js";
export { LAYER_KEYS, LAYERS } from "./memory-map/layers.js";
export { type Cells, cellsOf, DIFFERENCES, differenceOf, rectanglesOf } from "./memory-map/map-cells.js";
export { MapRecorder } from "./memory-map/map-recorder.js";
export type {
  ByteRange,
  FreeList,
  MapAccept,
  MapArea,
  MapLayer,
  MapPhase,
  MemoryMapFile,
  MemoryState,
} from "./memory-map/memory-map.js";
// "Did you mean".
export { nearestName } from "./nearest-name.js";
export {
  type AllocFailure,
  freeUnaccepted,
  type MemoryAcceptor,
  PageAllocator,
  type PageAllocatorOptions,
  verifyInvariants,
} from "./page-alloc/index.js";
// Policies: when memory is accepted. Yours goes with `registerPolicy`.
export type { Behaviour, Behaviours } from "./policy/behaviour.js";
export { BASELINE_POLICY, type Policies, policies, registerPolicy, USUAL_POLICY } from "./policy/policies.js";
export { definePolicy, type Policy, type PolicyParameter, type PolicyParameters } from "./policy/policy.js";
// Texts for people, as the command line prints them.
export { formatInteger, formatShare, formatVcpus, NUMBER_TEXTS } from "./report/cells.js";
export { type ComparedGroup, conclusionOf, type Ranges } from "./report/conclusion.js";
export {
  type DiffNames,
  formatDiff,
  formatDiffCsv,
  formatDiffJson,
  formatDiffMarkdown,
} from "./report/diff.js";
export { diffSentences, percentText } from "./report/diff-lead.js";
export { parseDocument, type ResultDocument } from "./report/pictures/documents.js";
export { layerColours } from "./report/pictures/map.js";
export type { Drawn, Picture, PictureTable } from "./report/pictures/picture.js";
export { PICTURES } from "./report/pictures/pictures.js";
export { renderSvg } from "./report/pictures/render.js";
export { COLOURS, type Theme, type ThemeColours } from "./report/pictures/theme.js";
export { failureTexts } from "./report/row-groups.js";
export { formatMarkdown, formatTable } from "./report/rows.js";
export { formatRunSummary } from "./report/run-summary.js";
export { shellWord } from "./report/shell-word.js";
export type { Paint, TextRole } from "./report/table.js";
export { formatUncertainty } from "./report/uncertainty.js";
// Runs and what they say. Every number of a row is declared in MEASURES: name, unit, which way is better.
export { type Condition, ConditionError, holds, parseCondition } from "./results/conditions.js";
export { formatCsv, formatJson, formatJsonl } from "./results/formats.js";
export { MEASURES, type Measure, type MeasureName, type Unit, valueIn } from "./results/measures.js";
export { hasFailed, isSound, type Problem, problemsOf } from "./results/problems.js";
export { parseRows, type StoredRow, type StoredRows } from "./results/read.js";
export { ResultsError } from "./results/results-error.js";
export type {
  CompareRow,
  Outcome,
  PhaseTime,
  Repeats,
  RequestCounts,
  RunResult,
  Settings,
  Spread,
  WaitSummary,
} from "./results/row.js";
export { RESULT_SCHEMA_VERSION } from "./results/row.js";
// Scenarios: what a guest is and what happens to it.
export {
  errorLine,
  formatIssue,
  type IssuePlace,
  isMapping,
  ScenarioError,
  type ScenarioIssue,
} from "./scenario/error.js";
export { parseScenario, scenarioOutlook } from "./scenario/load.js";
export { NO_PRICE_SETS, type PriceSets, parsePriceSet } from "./scenario/price-set-file.js";
export {
  type FirmwareName,
  type HostPageSize,
  type PlatformKind,
  SCENARIO,
  type Scenario,
} from "./scenario/scenario.js";
export { type Assignment, parseAssignment } from "./scenario/set.js";
export { TYPED_KEYS, type TypedKey, type TypedName, typedAssignment } from "./scenario/typed.js";
export { writtenScenario } from "./scenario/write.js";
export { parseYamlWithPositions } from "./scenario/yaml.js";
// Studies: many runs, and what follows from them.
export { type CompareOptions, compare, hasBooted, withDeadline } from "./study/compare.js";
export {
  type Diff,
  diffRows,
  type FieldChange,
  type MeasureChange,
  type PhaseChange,
  type RowDiff,
  type TimeChange,
} from "./study/diff.js";
export type { EventChange, EventShare } from "./study/diff-events.js";
export type { MeanChange, RepeatsChange } from "./study/diff-repeats.js";
export { type Largest, largestWith, mostTries } from "./study/largest.js";
export { memoryStateAfter, NoSuchAccept } from "./study/memory-state.js";
export { isRandom, repeatsOf, withSeed } from "./study/repeat.js";
export { runScenario } from "./study/run-scenario.js";
export { runnerOf, type ScenarioToRun } from "./study/runner.js";
export { type Knob, type KnobValue, parseKnob } from "./study/tune/knob.js";
export {
  type Objective,
  parseConstraint,
  parseObjective,
  type Stage,
  type Term,
} from "./study/tune/objective.js";
export type { KnobCurve, KnobValues, TuneFindings, TunePoint } from "./study/tune/result.js";
export type { Lab } from "./study/tune/trials.js";
export { gridSize, type TuneRequest, tune } from "./study/tune/tune.js";
export {
  type PolicyOrder,
  type RangeEnd,
  type ResultRange,
  rangeVariants,
  type UncertainRow,
  type Uncertainty,
  uncertainty,
} from "./study/uncertainty.js";
// What happened when in a run, which `runScenario` tells a recorder.
export { type Memory, type Moment, Recorder, type Slice, type Timeline } from "./timeline/recorder.js";
export { flowsOf, WAITS } from "./timeline/tracks.js";
export { formatBytes, formatDuration, parseDuration, parseSize } from "./units.js";
// Recordings of real kernels against the model.
export type { RecordingFiles } from "./verify/recording-files.js";
export { recordingHolds, type VerifiedRecording, type VerifiedRun } from "./verify/result.js";
export { verifyRecording } from "./verify/verify.js";
// Workloads: what a guest asks its page allocator for.
export type { LoadedWorkload, RecordedRequests } from "./workload/after-boot.js";
export { buildRequests } from "./workload/build-requests.js";
export type { PageEvents } from "./workload/events.js";
export {
  GENERATORS,
  type GeneratorEntry,
  GeneratorError,
  generate,
  isGenerated,
  type Parameter as GeneratorParameter,
  parseGeneratedWorkload,
  type Workload as GeneratedWorkload,
} from "./workload/generators/index.js";
export { type Recording, recordingSchema } from "./workload/recording.js";
export type { ImportReport, Requests } from "./workload/requests.js";
export { TraceError } from "./workload/trace-error.js";
export { TracefsReader } from "./workload/tracefs.js";
export { WorkloadError } from "./workload-files/workload-error.js";
export {
  type ReadFile,
  type WorkloadOnMachine,
  Workloads,
  type WorkloadsOptions,
} from "./workload-files/workloads.js";
