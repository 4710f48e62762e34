/** The actions of `trace`. */

import { type CommandGroup, flag, text } from "./arguments.js";
import { output, quiet } from "./flags.js";

const LENIENT = flag("leave out lines of a text that cannot be read, and say how many and the first");
const TRACED_KERNEL = text(
  "kernel that was traced, such as 4.13 or what uname -r says; numbers of flags are read as those of its release",
);

export const TRACE_COMMANDS: CommandGroup = {
  name: "trace",
  describe: "traces of page allocations: import, info, export, generate, list",
  actions: [
    {
      name: "trace import",
      describe: "read traces of any format and write one of ours",
      files: {
        name: "file",
        describe:
          "tracefs, perf script, trace-cmd report, LLFree or our own; plain, .gz or .zst; - is stdin. " +
          "Several are parts of one trace, in the order of time",
        isList: true,
      },
      flags: {
        lenient: LENIENT,
        output: output("the file to write"),
        kernel: TRACED_KERNEL,
        clock: text("trace clock of the times, such as mono"),
        json: flag("what was read as JSON on stdout, not in words on stderr"),
        ...quiet(),
      },
      examples: [
        "unaccepted trace import boot.txt.gz -o boot.trace",
        "perf script --ns -F comm,tid,cpu,time,event,trace | unaccepted trace import - -o run.trace",
      ],
      load: async () => ({ run: (await import("./commands/trace.js")).importTraces }),
    },
    {
      name: "trace info",
      describe: "what a trace holds: totals, orders, flags, CPUs, live pages, callers",
      files: {
        name: "file",
        describe:
          "a trace of any format, or its parts in the order of time; or the name of a bundled one; - is stdin",
        isList: true,
      },
      flags: {
        lenient: LENIENT,
        kernel: TRACED_KERNEL,
        json: flag("all of it as JSON"),
        ...quiet("no progress on stderr"),
      },
      examples: [
        "unaccepted trace info workloads/recorded/linux-6.12.95-1c4g/boot.trace.gz",
        "unaccepted trace info linux-6.12.107-debian-1c4g-tar",
        "unaccepted trace info boot.trace --json",
      ],
      load: async () => ({ run: (await import("./commands/trace.js")).traceInfo }),
    },
    {
      name: "trace export",
      describe: "print a trace as the text of tracefs",
      files: {
        name: "file",
        describe: "a trace of any format, or its parts in the order of time; - is stdin",
        isList: true,
      },
      flags: {
        lenient: LENIENT,
        output: output("a file instead of stdout"),
        kernel: TRACED_KERNEL,
        ...quiet(),
      },
      examples: [
        "unaccepted trace export boot.trace | grep ' order=9'",
        "unaccepted trace export boot.trace -o boot.txt",
      ],
      load: async () => ({ run: (await import("./commands/trace.js")).exportTraces }),
    },
    {
      name: "trace generate",
      describe: "write what a generator makes as a trace of ours",
      files: {
        name: "name",
        describe: async () => {
          const { GENERATORS } = await import("../workload/generators/index.js");
          return `one of ${GENERATORS.map(({ name }) => name).join(", ")}`;
        },
      },
      flags: {
        output: output("the file to write"),
        set: text("a parameter of the generator, as key=value; repeatable (trace list names them)"),
        memory: text("RAM of the machine; 4GiB if not given"),
        vcpus: text("its CPUs; 1 if not given"),
        seed: text("start of every random choice; 1"),
        ...quiet(),
      },
      examples: [
        "unaccepted trace generate heap --set size=1GiB --set pages=small -o heap.trace",
        "unaccepted trace generate boot --memory 16GiB --vcpus 4 -o boot.trace",
      ],
      load: async () => ({ run: (await import("./commands/trace.js")).generateTrace }),
    },
    {
      name: "trace list",
      describe: "the traces and generators that come with the program",
      flags: { json: flag("as JSON") },
      examples: ["unaccepted trace list", "unaccepted trace list --json"],
      load: async () => ({ run: (await import("./commands/trace.js")).listTraces }),
    },
  ],
};
