/** Preloaded by `childUsage`: tells the largest resident set of this process in KiB, at its end, on descriptor 3. */
process.on("exit", () => {
  require("node:fs").writeSync(3, String(process.resourceUsage().maxRSS));
});
