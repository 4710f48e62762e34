// Takes 10 s.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { explorerSite } from "../../src/cli/explorer-site.js";
import { type Served, serve } from "../../src/cli/serve.js";
import { onlyLine, unaccepted, withFiles } from "./program.js";

const test = suite("cli: explore");

interface Got {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

test.before(() => {
  execFileSync(process.execPath, [".ci/build.js"], { stdio: ["ignore", "ignore", "inherit"] });
});

/** @param path as it goes over the wire, whatever is in it */
function get(port: string, path: string, more: object = {}, method = "GET"): Promise<Got> {
  return new Promise((done, failed) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method, headers: { ...more }, agent: false },
      (got) => {
        const pieces: Buffer[] = [];
        got.on("data", (piece: Buffer) => pieces.push(piece));
        got.on("end", () =>
          done({ code: got.statusCode!, headers: got.headers, body: Buffer.concat(pieces) }),
        );
      },
    );
    asked.on("error", failed).end();
  });
}

async function withServer(
  given: readonly string[],
  use: (served: Served & { readonly port: string; readonly root: string }) => Promise<void>,
): Promise<void> {
  const served = await serve(explorerSite(given));
  try {
    const { port, pathname } = new URL(served.address);
    await use({ ...served, port, root: pathname });
  } finally {
    await served.close();
  }
}

test("serves the page at an address of its own, with a policy that lets nothing else in", async () => {
  await withServer([], async ({ address, port, root }) => {
    assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const { code, headers, body } = await get(port, root);
    assert.is(code, 200);
    assert.match(body.toString(), '<div id="page">');
    assert.is(headers["content-type"], "text/html; charset=utf-8");
    assert.is(
      headers["content-security-policy"],
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src blob:; " +
        "connect-src 'self' data:; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    assert.is(headers["x-content-type-options"], "nosniff");
    assert.is(headers["referrer-policy"], "no-referrer");
    assert.is(headers["cross-origin-opener-policy"], "same-origin");
    assert.is(headers["cross-origin-resource-policy"], "same-origin");
    assert.is(headers["cache-control"], "no-store");
    const script = await get(port, `${root}page.js`);
    assert.equal([script.code, script.headers["content-type"]], [200, "text/javascript; charset=utf-8"]);
    const own = await get(port, root, { Origin: `http://127.0.0.1:${port}` });
    assert.is(own.code, 200);
    const local = await get(port, root, { Host: `localhost:${port}`, Origin: `http://localhost:${port}` });
    assert.is(local.code, 200);
  });
});

test("two servers have different addresses", async () => {
  await withServer([], (one) =>
    withServer([], async (other) => {
      assert.is.not(one.root, other.root);
      assert.is((await get(one.port, other.root)).code, 404);
    }),
  );
});

test("refuses what a page of another origin, or a name that leads here, asks for", async () => {
  await withServer([], async ({ port, root }) => {
    const refused: readonly object[] = [
      { Host: "evil.example" },
      { Host: `evil.example:${port}` },
      { Host: "127.0.0.1" },
      { Host: `127.0.0.1:${port}.evil.example` },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `http://localhost:${port}` },
      { Origin: `https://127.0.0.1:${port}` },
    ];
    for (const headers of refused) {
      const { code, body, headers: answered } = await get(port, root, headers);
      assert.is(code, 403, JSON.stringify(headers));
      assert.not.match(body.toString(), '<div id="page">');
      assert.is(answered["cross-origin-resource-policy"], "same-origin");
    }
  });
});

test("refuses two names of this machine at once", async () => {
  await withServer([], async ({ port, root }) => {
    const own = `Host: 127.0.0.1:${port}`;
    for (const [other, line] of [
      ["Host: evil.example", "HTTP/1.1 400 Bad Request"],
      [own, "HTTP/1.1 400 Bad Request"],
      ["Accept: */*", "HTTP/1.1 200 OK"],
    ] as const) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(`GET ${root} HTTP/1.1\r\n${own}\r\n${other}\r\nConnection: close\r\n\r\n`);
      const [first] = (await once(socket, "data")) as [Buffer];
      socket.destroy();
      assert.is(first.toString("latin1").split("\r\n")[0], line, other);
    }
  });
});

test("has only its own files, and only below its secret path", async () => {
  await withServer([], async ({ port, root }) => {
    const paths = [
      "/",
      "/page.js",
      root.slice(0, -1),
      `${root}nothing.js`,
      `${root}../package.json`,
      `${root}../../package.json`,
      `${root}traces/../../../package.json`,
      `${root}..%2f..%2fpackage.json`,
      `${root}%2e%2e/package.json`,
      `${root}page.js/`,
      `${root}page.js?x`,
      `${root}page%2ejs`,
      `${root}/etc/passwd`,
      `${root}__proto__`,
      `${root}given/0`,
      `http://127.0.0.1:${port}${root}page.js`,
    ];
    for (const path of paths) assert.is((await get(port, path)).code, 404, path);
  });
});

test("takes GET and HEAD alone", async () => {
  await withServer([], async ({ port, root }) => {
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
      const { code, headers } = await get(port, root, {}, method);
      assert.equal([code, headers.allow], [405, "GET, HEAD"], method);
    }
    const whole = await get(port, root);
    const head = await get(port, root, {}, "HEAD");
    assert.equal([head.code, head.body.length], [200, 0]);
    assert.is(head.headers["content-length"], String(whole.body.length));
  });
});

test("listens to this machine alone", async () => {
  const others = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? [])
      .filter(({ internal, family }) => !internal && family === "IPv4")
      .map(({ address }) => address),
  );
  await withServer([], async ({ port }) => {
    for (const host of [...others, "127.0.0.2", "::1"]) {
      const socket = connect({ host, port: Number(port) });
      const outcome = await Promise.race([
        once(socket, "connect").then(() => "open"),
        once(socket, "error").then(() => "closed"),
      ]).catch(() => "closed");
      socket.destroy();
      assert.is(outcome, "closed", host);
    }
  });
});

test("gives the page the files that were named, whatever they are called", async () => {
  await withFiles(async ({ directory }) => {
    const hostile = join(directory, "<script>alert(1)<&\"'.yaml");
    writeFileSync(hostile, "memory: 4GiB\n");
    await withServer([hostile], async ({ port, root }) => {
      const given = (await get(port, `${root}given.js`)).body.toString();
      assert.is(
        given,
        'var unacceptedGiven = [{"name":"\\u003cscript>alert(1)\\u003c&\\"\'.yaml","path":"given/0"}];\n',
      );
      const { body, headers } = await get(port, `${root}given/0`);
      assert.is(body.toString(), "memory: 4GiB\n");
      assert.is(headers["content-type"], "application/octet-stream");
      writeFileSync(hostile, "memory: 8GiB\n");
      assert.is((await get(port, `${root}given/0`)).body.toString(), "memory: 8GiB\n");
      rmSync(hostile);
      assert.is((await get(port, `${root}given/0`)).code, 404);
    });
    const { code, stderr } = await unaccepted(["explore", join(directory, "none.yaml")]);
    assert.is(code, 2);
    assert.match(onlyLine(stderr), /none\.yaml: no such file or directory$/);
  });
});

test("prints its address alone, and ends in order at Ctrl-C", async () => {
  const program = spawn(process.execPath, ["dist/cli/main.js", "explore"]);
  let stderr = "";
  program.stderr.setEncoding("utf8").on("data", (piece: string) => {
    stderr += piece;
  });
  const lines: string[] = [];
  for await (const line of createInterface(program.stdout)) {
    lines.push(line);
    const { port, pathname } = new URL(line);
    assert.is((await get(port, pathname)).code, 200);
    // One that is open keeps nothing.
    connect(Number(port), "127.0.0.1").on("error", () => {});
    program.kill("SIGINT");
  }
  const [code] = program.exitCode === null ? await once(program, "exit") : [program.exitCode];
  assert.equal([code, lines.length], [0, 1]);
  assert.is(stderr, "serves this page to this machine until Ctrl-C\n");
});

function contentsOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  return new Map(
    files
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((path) => [path.slice(directory.length), readFileSync(path).toString("latin1")]),
  );
}

test("--build writes the same bytes each time, small, and with no path of this machine", async () => {
  await withFiles(async ({ directory }) => {
    const [one, other] = [join(directory, "deep/one"), join(directory, "other")];
    for (const path of [one, other, one]) {
      const { code, stdout, stderr } = await unaccepted(["explore", "--build", path]);
      assert.equal([code, stdout], [0, ""]);
      assert.match(stderr, /^wrote \d+ files to .*; open its index\.html\n$/);
    }
    const files = contentsOf(one);
    assert.equal(contentsOf(other), files);
    assert.equal(readdirSync(join(directory, "deep")), ["one"]);
    const packedBytes = [...files]
      .filter(([path]) => !path.startsWith("/traces/"))
      .reduce((sum, [, text]) => sum + gzipSync(Buffer.from(text, "latin1")).length, 0);
    assert.ok(packedBytes < 1.5 * 2 ** 20, `${packedBytes} bytes`);
    for (const name of ["unaccepted", "zod", "preact", "yaml"]) {
      assert.match(files.get("/licenses.txt")!, new RegExp(`^(?:.*, )?${name}(?:, .*)?\\n\\n`, "m"));
    }
    for (const [path, text] of files) {
      for (const own of [process.cwd(), directory, "node_modules/", "sourceMappingURL"]) {
        assert.not.ok(text.includes(own), `${path}: ${own}`);
      }
    }
  });
});

test("--build takes nothing away that it did not write", async () => {
  await withFiles(async ({ directory }) => {
    const [site, linked] = [join(directory, "site"), join(directory, "linked")];
    mkdirSync(join(site, "traces"), { recursive: true });
    writeFileSync(join(site, "traces/mine.txt"), "mine");
    const refused = await unaccepted(["explore", "--build", site]);
    assert.is(refused.code, 2);
    assert.is(
      onlyLine(refused.stderr),
      `unaccepted: ${site}: has traces/mine.txt, which is not of an earlier build; expected an empty directory`,
    );
    rmSync(join(site, "traces/mine.txt"));
    symlinkSync(site, linked);
    assert.is((await unaccepted(["explore", "--build", linked])).code, 0);
    assert.ok(existsSync(join(site, "index.html")), "through a link");
    symlinkSync("nowhere", join(site, "mine"));
    const again = await unaccepted(["explore", "--build", site]);
    assert.match(again.stderr, "site: has mine, which is not of an earlier build");
    assert.ok(existsSync(join(site, "index.html")));
    const files = await unaccepted(["explore", "boot.yaml", "--build", site]);
    assert.is(onlyLine(files.stderr), "unaccepted: --build: takes no files; drop them on the page");
  });
});

test.run();
