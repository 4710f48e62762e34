/** A sweep of many short runs: how busy it keeps the cores, and what it costs beside the simulation. */
/** @param runs at most; the study has 10 000 */
export declare function benchSweep(runs: number): Promise<void>;
//# sourceMappingURL=sweep.d.ts.map
