import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Asks, Desk, type DeskState } from "../../../src/explorer/page/desk.js";
import type { Answer, Wants } from "../../../src/explorer/protocol.js";
import type { BaseScenario, PageState } from "../../../src/explorer/settings.js";
import { NO_PRICE_SETS } from "../../../src/index.js";
import type { Uncertainty } from "../../../src/study/uncertainty.js";
import { rowWith } from "../../results/rows.js";

const test = suite("explorer: what lies on the page");

const base: BaseScenario = {
  name: "boot",
  text: readFileSync("workloads/boot.yaml", "utf8"),
  isBundled: true,
};

type Question = Parameters<Asks["ask"]>[0];

interface Open {
  readonly question: Question;
  readonly answer: (bootTimeNs: number) => Promise<void>;
  readonly refuse: (error: string) => Promise<void>;
}

/** Keeps questions open until the test answers them. */
class Asked implements Asks {
  readonly open: Open[] = [];

  ask(question: Question): Promise<Answer | undefined> {
    return new Promise((settle) => {
      const { side, wants } = question;
      const row = rowWith({ policy: question.settings.policy ?? "lazy" });
      const ranges = { rows: [row], orders: [] } as unknown as Uncertainty;
      const told = async (answer: Answer): Promise<void> => {
        settle(answer);
        await Promise.resolve();
        await Promise.resolve();
      };
      this.open.push({
        question,
        answer: (bootTimeNs) =>
          told({
            id: 1,
            side,
            row: { ...row, bootTimeNs },
            tookMs: 1,
            ...(wants.ranges === true ? { ranges } : {}),
            ...(wants.state === undefined ? {} : { state: { n: wants.state } as never }),
            ...(wants.timeline === true ? { timeline: { endNs: 1 } as never } : {}),
          }),
        refuse: (error) => told({ id: 1, side, error }),
      });
    });
  }

  get last(): Open {
    return this.open.at(-1)!;
  }

  wants(): Wants[] {
    return this.open.map(({ question }) => question.wants);
  }
}

interface Table {
  readonly desk: Desk;
  readonly quick: Asked;
  readonly views: Asked;
  readonly slow: Asked;
  readonly rests: DeskState[];
}

function table(page: PageState = { a: { set: {} } }): Table {
  const [quick, views, slow] = [new Asked(), new Asked(), new Asked()];
  const rests: DeskState[] = [];
  const desk = new Desk(
    {
      quick,
      views,
      slow,
      prices: NO_PRICE_SETS,
      base,
      restMs: 5,
      told: () => {},
      rested: (state) => rests.push(state),
    },
    page,
  );
  desk.start();
  return { desk, quick, views, slow, rests };
}

const aWhile = (): Promise<void> => new Promise((done) => setTimeout(done, 15));

test("settings rest once nothing moves them and their answer is there; only then ranges are asked for", async () => {
  const { desk, quick, slow, rests } = table();
  await aWhile();
  assert.is(rests.length, 0, "without an answer");
  await quick.last.answer(7);
  assert.is(rests.length, 1);
  assert.ok(desk.state.isResting);
  assert.equal(quick.wants(), [{}]);
  assert.equal(slow.wants(), [{ ranges: true }]);
  await slow.last.answer(7);
  assert.ok(desk.state.a.shown?.ranges !== undefined);
});

test("each change is asked for at once, and an answer to an earlier one is told nothing of", async () => {
  const { desk, quick } = table();
  desk.change("a", { memory: "5GiB", set: {} });
  desk.change("a", { memory: "6GiB", set: {} });
  assert.equal(
    quick.open.map(({ question }) => question.settings.memory),
    [undefined, "5GiB", "6GiB"],
  );
  await quick.open[1]!.answer(5);
  assert.is(desk.state.a.shown, undefined);
  await quick.open[2]!.answer(6);
  assert.is(desk.state.a.shown?.row.bootTimeNs, 6);
  assert.ok(desk.state.a.isCurrent);
});

test("what is compared with is the row at which settings rested before they moved", async () => {
  const { desk, quick } = table();
  await quick.last.answer(10);
  await aWhile();
  for (const [memory, bootTimeNs] of [
    ["5GiB", 11],
    ["6GiB", 12],
  ] as const) {
    desk.change("a", { memory, set: {} });
    await quick.last.answer(bootTimeNs);
  }
  assert.is(desk.state.a.before?.bootTimeNs, 10);
  await aWhile();
  desk.change("a", { memory: "7GiB", set: {} });
  assert.is(desk.state.a.before?.bootTimeNs, 12);
});

test("settings with a fault are not asked for; the last answer stays, as one of other settings", async () => {
  const { desk, quick } = table();
  await quick.last.answer(10);
  desk.change("a", { memory: "3x", set: {} });
  assert.is(quick.open.length, 1);
  assert.equal([...desk.state.a.faults.keys()], ["memory"]);
  assert.is(desk.state.a.shown?.row.bootTimeNs, 10);
  assert.not.ok(desk.state.a.isCurrent);
});

test("what the simulator refuses is kept until settings move", async () => {
  const { desk, quick } = table();
  await quick.last.refuse("no such workload");
  assert.is(desk.state.a.refusal, "no such workload");
  desk.change("a", { set: { seed: "2" } });
  assert.is(desk.state.a.refusal, undefined);
});

test("a view is asked for while it is wanted, once, and never waits for ranges", async () => {
  const { desk, quick, views, slow } = table();
  await quick.last.answer(10);
  await aWhile();
  const { row } = desk.state.a.shown!;
  desk.want({ timeline: true });
  assert.equal(views.wants(), [{ timeline: true }]);
  await views.last.answer(10);
  assert.ok(desk.state.a.shown?.timeline !== undefined);
  assert.ok(desk.state.a.shown.row === row, "what is drawn of the row need not be drawn again");
  desk.want({ timeline: true });
  assert.is(views.open.length, 1);
  assert.is(slow.open.length, 1);
  desk.want({ timeline: false });
  desk.change("a", { set: { seed: "2" } });
  await quick.last.answer(11);
  await aWhile();
  assert.equal(views.wants(), [{ timeline: true }]);
  assert.equal(quick.wants(), [{}, {}]);
});

test("a setting that moves need not wait for a view of the settings before, which is not told", async () => {
  const { desk, quick, views } = table();
  await quick.last.answer(10);
  await aWhile();
  desk.want({ timeline: true });
  desk.change("a", { set: { seed: "2" } });
  await quick.last.answer(11);
  await views.open[0]!.answer(10);
  assert.is(desk.state.a.shown?.row.bootTimeNs, 11);
  assert.is(desk.state.a.shown?.timeline, undefined);
  await aWhile();
  assert.equal(views.wants(), [{ timeline: true }, { timeline: true }]);
});

test("memory after an accept is asked for once, and not of other settings, whose accepts are others", async () => {
  const { desk, quick, views } = table();
  await quick.last.answer(10);
  await aWhile();
  desk.look("a", 3);
  assert.equal(views.wants(), [{ state: 3 }]);
  await views.last.answer(10);
  assert.is(desk.state.a.shown?.state?.n, 3);
  desk.look("a", 3);
  assert.is(views.open.length, 1);
  desk.change("a", { set: { seed: "2" } });
  await quick.last.answer(11);
  await aWhile();
  assert.equal(views.wants(), [{ state: 3 }]);
});

test("a copy is the other side with its file, swapped and dropped as one", async () => {
  const { desk, quick } = table({ a: { policy: "eager", set: {} } });
  await quick.last.answer(10);
  desk.copy();
  assert.is(desk.state.editing, "b");
  assert.equal(desk.state.b?.settings, { policy: "eager", set: {} });
  desk.choose("b", "policy", "lazy");
  desk.swap();
  assert.equal([desk.state.a.settings.policy, desk.state.b?.settings.policy], ["lazy", "eager"]);
  desk.dropSecond();
  assert.is(desk.state.b, undefined);
  assert.is(desk.state.editing, "a");
});

test("a scenario takes the bundled one's place until it is put away", () => {
  const { desk, quick } = table();
  const text = "name: mine\nworkload: w\nplatform: snp\nmemory: 8GiB\n";
  const file = { name: "mine.yaml", bytes: new TextEncoder().encode(text) };
  desk.give("a", file, { name: file.name, text, isBundled: false }, { set: {} });
  assert.is(desk.state.a.scenario.platform.kind, "snp");
  assert.is(quick.last.question.file, file);
  desk.putAway("a");
  assert.is(desk.state.a.scenario.platform.kind, "tdx");
  assert.is(quick.last.question.file, undefined);
});

test("settings of an address that cannot be read leave those of the scenario to show", () => {
  const { desk } = table({ a: { memory: "x", set: {} } });
  assert.is(desk.state.a.scenario.memoryBytes, 2 ** 34);
  assert.equal([...desk.state.a.faults.keys()], ["memory"]);
});

test.run();
