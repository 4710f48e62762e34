/** Layers of memory maps in numbers. */

import type { JSX } from "preact";
import { formatBytes, LAYER_KEYS, LAYERS, type MemoryMapFile } from "../../index.js";
import { Scroll } from "../page/scroll.js";

/** Those that any of the maps has, in the order in which they are drawn. */
export function layersIn(maps: readonly MemoryMapFile[]): { readonly name: string; readonly what: string }[] {
  const names = new Set(maps.flatMap(({ layers }) => layers.map(({ name }) => name)));
  return LAYER_KEYS.map((key) => LAYERS[key]).filter(({ name }) => names.has(name));
}

/** The same numbers for those who do not see the map. */
export function LayerTable({ maps }: { readonly maps: readonly MemoryMapFile[] }): JSX.Element {
  return (
    <details>
      <summary>Layers in numbers</summary>
      <Scroll label="Layers in numbers">
        <table>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              {maps.flatMap(({ name }, at) => [
                <th key={`most ${at}`} scope="col" class="value">
                  {name}: most
                </th>,
                <th key={`end ${at}`} scope="col" class="value">
                  at the end
                </th>,
              ])}
              <th scope="col">What it is</th>
            </tr>
          </thead>
          <tbody>
            {layersIn(maps).map(({ name, what }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {maps.flatMap(({ layers }, at) => {
                  const layer = layers.find((own) => own.name === name);
                  return [
                    <td key={`most ${at}`} class="value">
                      {formatBytes(layer?.peakBytes ?? 0)}
                    </td>,
                    <td key={`end ${at}`} class="value">
                      {formatBytes(layer?.endBytes ?? 0)}
                    </td>,
                  ];
                })}
                <td>{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
