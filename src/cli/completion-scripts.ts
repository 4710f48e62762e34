/** What shells complete of the program, as scripts of theirs. */

/** A command, or an action of one. */
export interface CompletedCommand {
  /** The last word of its name. */
  readonly word: string;
  readonly describe: string;
  readonly actions: readonly CompletedCommand[];
  readonly flags: readonly CompletedFlag[];
  /** Names that can stand for its files. */
  readonly operands: readonly string[];
  readonly takesFiles: boolean;
}

interface CompletedFlag {
  readonly name: string;
  readonly short: string | undefined;
  /** What its value is called; undefined where it has none. */
  readonly takes: string | undefined;
  readonly describe: string;
  readonly values: readonly string[];
}

/** Commands without actions by all words of their names, after those they belong to. */
function leaves(commands: readonly CompletedCommand[], before = ""): [string, CompletedCommand][] {
  return commands.flatMap((command): [string, CompletedCommand][] => {
    const name = `${before}${command.word}`;
    return command.actions.length === 0 ? [[name, command]] : leaves(command.actions, `${name} `);
  });
}

function wordsOf(commands: readonly CompletedCommand[]): string {
  return commands.map(({ word }) => word).join(" ");
}

/** Several values of a flag are one list, of which the last is completed. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const groups = commands.filter(({ actions }) => actions.length > 0);
  const cases = leaves(commands).flatMap(([name, { flags, operands, takesFiles }]) => [
    `    "${name}")`,
    '      case "$before" in',
    ...flags.flatMap((flag) => bashValues(flag)),
    `        *) words="${[...flags.map((flag) => `--${flag.name}`), ...operands].join(" ")}"; files=${takesFiles} ;;`,
    "      esac ;;",
  ]);
  return lines([
    "# For bash, from: unaccepted completion bash",
    "_unaccepted() {",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    "  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]}",
    '  local words="" files=false prefix=""',
    `  if [ "$COMP_CWORD" -eq 1 ]; then command=""; fi`,
    '  case "$command" in',
    ...groups.map(
      ({ word }) =>
        `    ${word}) if [ "$COMP_CWORD" -gt 2 ]; then command="${word} \${COMP_WORDS[2]}"; else before=""; fi ;;`,
    ),
    "  esac",
    '  case "$command" in',
    `    "") words="${wordsOf(commands)} --help --version" ;;`,
    ...groups.map(({ word, actions }) => `    ${word}) words="${wordsOf(actions)} --help" ;;`),
    ...cases,
    "  esac",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: bash's own
    '  case "$current" in *,*) prefix="${current%,*},"; current="${current##*,}" ;; esac',
    '  COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$current"))',
    '  if [ "$files" = true ] && [ -z "$prefix" ]; then COMPREPLY+=($(compgen -f -- "$current")); fi',
    "}",
    "complete -o filenames -F _unaccepted unaccepted",
  ]);
}

function bashValues({ name, short, takes, values }: CompletedFlag): string[] {
  if (takes === undefined) return [];
  const typed = short === undefined ? `--${name}` : `--${name}|-${short}`;
  return [`        ${typed}) words="${values.join(" ")}"; files=${values.length === 0} ;;`];
}

export function zshScript(commands: readonly CompletedCommand[]): string {
  const groups = commands.filter(({ actions }) => actions.length > 0);
  return lines([
    "#compdef unaccepted",
    "# For zsh, after compinit, from: unaccepted completion zsh",
    "_unaccepted() {",
    "  local command=$words[2]",
    "  local -a choices",
    "  if (( CURRENT == 2 )); then",
    `    choices=(${zshChoices(commands)})`,
    "    _describe command choices",
    "    return",
    "  fi",
    "  case $command in",
    ...groups.flatMap(({ word, actions }) => [
      `    ${word})`,
      "      if (( CURRENT == 3 )); then",
      `        choices=(${zshChoices(actions)})`,
      "        _describe action choices",
      "        return",
      "      fi",
      '      command="$command $words[3]"',
      "      shift words; (( CURRENT-- )) ;;",
    ]),
    "  esac",
    "  shift words; (( CURRENT-- ))",
    "  case $command in",
    ...leaves(commands).flatMap(([name, { flags, operands, takesFiles }]) => [
      `    "${name}") _arguments ${flags.flatMap(zshFlag).join(" ")}${zshOperands(operands, takesFiles)} ;;`,
    ]),
    "  esac",
    "}",
    // As a file of $fpath it is run as the function; evaluated it says what it is for.
    'if [ "$funcstack[1]" = "_unaccepted" ]; then _unaccepted "$@"; else compdef _unaccepted unaccepted; fi',
  ]);
}

function zshChoices(commands: readonly CompletedCommand[]): string {
  return commands.map(({ word, describe }) => quoted(`${word}:${describe.replaceAll(":", "\\:")}`)).join(" ");
}

function zshFlag({ name, short, takes, describe, values }: CompletedFlag): string[] {
  const words = describe.replaceAll(/[[\]\\:]/g, "\\$&");
  const value =
    takes === undefined
      ? ""
      : `:${takes}:${values.length === 0 ? "_files" : `_sequence compadd - ${values.map((one) => one.replaceAll(":", "\\:")).join(" ")}`}`;
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])].map((typed) =>
    quoted(`*${typed}[${words}]${value}`),
  );
}

function zshOperands(operands: readonly string[], takesFiles: boolean): string {
  if (!takesFiles) return "";
  return ` ${quoted(`*:name:{ compadd -- ${operands.join(" ")}; _files }`)}`;
}

export function fishScript(commands: readonly CompletedCommand[]): string {
  const groups = commands.filter(({ actions }) => actions.length > 0);
  const seen = (name: string): string =>
    quoted(
      name
        .split(" ")
        .map((word) => `__fish_seen_subcommand_from ${word}`)
        .join("; and "),
    );
  return lines([
    "# For fish, from: unaccepted completion fish",
    "complete -c unaccepted -f",
    ...commands.map(
      ({ word, describe }) =>
        `complete -c unaccepted -n __fish_use_subcommand -a ${word} -d ${quoted(describe)}`,
    ),
    ...groups.flatMap(({ word, actions }) =>
      actions.map(
        (action) =>
          `complete -c unaccepted -n ${quoted(`__fish_seen_subcommand_from ${word}; and not __fish_seen_subcommand_from ${wordsOf(actions)}`)} -a ${action.word} -d ${quoted(action.describe)}`,
      ),
    ),
    ...leaves(commands).flatMap(([name, { flags, operands, takesFiles }]) => [
      ...flags.map((flag) => `complete -c unaccepted -n ${seen(name)}${fishFlag(flag)}`),
      ...(takesFiles ? [`complete -c unaccepted -n ${seen(name)} -F -a ${quoted(operands.join(" "))}`] : []),
    ]),
  ]);
}

function fishFlag({ name, short, takes, describe, values }: CompletedFlag): string {
  const value =
    takes === undefined ? "" : values.length === 0 ? " -r -F" : ` -x -a ${quoted(values.join(" "))}`;
  return ` -l ${name}${short === undefined ? "" : ` -s ${short}`}${value} -d ${quoted(describe)}`;
}

/** One word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join("");
}
