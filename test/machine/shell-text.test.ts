import { suite } from "uvu";
import * as assert from "uvu/assert";
import { commandsOf } from "../../src/machine/shell-text.js";

const test = suite("machine: commands in a text");

const words = (text: string): string[][] =>
  commandsOf(text, (name) => name === "vmm").map((command) => command.words.map((word) => word.text));

test("words are parted at blanks, with quotes and backslashes as a shell has them", () => {
  assert.equal(words(`vmm -a 'x y' "p \\"q\\" \\$r" b\\ c -e''f`), [["-a", "x y", 'p "q" $r', "b c", "-ef"]]);
});

test("a line goes on behind a backslash, also with blanks after it, and within quotes", () => {
  assert.equal(words("vmm -m 4G \\\n  -s 'a\nb' \\  \n -t"), [["-m", "4G", "-s", "a\nb", "-t"]]);
});

test("variables that the text sets are expanded, and parted only without quotes", () => {
  assert.equal(words(`MEM=8G; OPTS="-a -b"\nexport X=1\nvmm -m $MEM $OPTS "$OPTS" \${X}2 \${Y:-3}`), [
    ["-m", "8G", "-a", "-b", "-a -b", "12", "3"],
  ]);
});

test("arrays of bash, over several lines and added to", () => {
  assert.equal(words(`args=(-m 4G # RAM\n  -s "a b"\n)\nargs+=(-t)\nvmm "\${args[@]}" -z`), [
    ["-m", "4G", "-s", "a b", "-t", "-z"],
  ]);
});

test("an array that is no list of words stays unknown", () => {
  for (const array of ["a=(b; c)", "a=(b", "a=((b))"]) {
    const [command] = commandsOf(`${array}\nvmm -m "\${a[@]}"`, (name) => name === "vmm");
    assert.is(command!.words[1]!.unknown, `"\${a[@]}"`, array);
  }
});

test("what only the shell knows stays in the word, which says so", () => {
  const [command] = commandsOf(
    'vmm -s $(nproc --all) "a$HOME" `x y` $(($(nproc) / 2))',
    (name) => name === "vmm",
  );
  assert.equal(
    command!.words.map(({ text, unknown }) => [text, unknown]),
    [
      ["-s", undefined],
      ["$(nproc --all)", "$(nproc --all)"],
      ["a$HOME", "$HOME"],
      ["`x y`", "`x y`"],
      ["$(($(nproc) / 2))", "$(($(nproc) / 2))"],
    ],
  );
});

test("environment, wrappers, redirections and other commands are no words of it", () => {
  assert.equal(
    words("A=1 sudo -E taskset -c 0 /opt/vmm -m 1 > out 2>&1 < /dev/null | tee x; ls && vmm -q &"),
    [["-m", "1"], ["-q"]],
  );
});

test("only blanks and tabs part words, whatever else looks like a blank", () => {
  assert.equal(words('vmm a\u00a0b\tc\ufeffd "e\u2028f" $ `'), [
    ["a\u00a0b", "c\ufeffd", "e\u2028f", "$", "`"],
  ]);
});

test("comments begin at a word, not within one", () => {
  assert.equal(words("# vmm -a\nvmm a#b # -c\n"), [["a#b"]]);
});

test("ps prints words without their quotes, so that none is looked for", () => {
  const line = `root 42 1.0 0.1 ? Sl 10:00 0:01 /usr/bin/vmm -o {"a":"b"} -n it's`;
  assert.equal(words(line), [["-o", '{"a":"b"}', "-n", "it's"]]);
  assert.ok(commandsOf(line, (name) => name === "vmm")[0]!.isLiteral);
});

test("arguments of /proc/PID/cmdline end with NUL, and can have blanks", () => {
  assert.equal(words("/usr/bin/vmm\0-a\0b c\0"), [["-a", "b c"]]);
});

test("every word has its line and column", () => {
  const [command] = commandsOf("x\nvmm -a \\\n  'b'", (name) => name === "vmm");
  assert.equal(
    command!.words.map(({ line, column }) => [line, column]),
    [
      [2, 5],
      [3, 3],
    ],
  );
});

test("quotes without an end are an error of the command, but not of the lines of a log around it", () => {
  assert.equal(words("can't open it\nvmm -a\nisn't it"), [["-a"]]);
  assert.throws(
    () => words("x\nvmm -a 'b\nc"),
    /^2:8: expected a closing ' before the end of the text, found the end/,
  );
  assert.throws(() => words('vmm -a "b'), /^1:8: expected a closing "/);
});

test.run();
