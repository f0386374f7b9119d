/**
 * The seed that sprouts from the root while there is next to nothing in the tree.
 * @module
 */
import { svg } from 'lit'

/**
 * @param groundY the upper edge of the ground, from which it grows
 * @param besideCell whether a cell stands on the ground already, which it then grows beyond
 */
export function sprout(width: number, groundY: number, rowHeightPx: number, besideCell: boolean) {
  const foot = groundY - (besideCell ? rowHeightPx : 0)
  const size = Math.min(rowHeightPx * 2.2, foot * 0.7)
  if (size < rowHeightPx / 2) return svg``
  const at = (x: number, y: number) => `${width / 2 + x * size} ${foot - y * size}`
  return svg`<g class="sprout" aria-hidden="true">
    <path class="stem" pathLength="1" d="M${at(0, 0)}C${at(0.02, 0.25)} ${at(-0.03, 0.4)} ${at(0, 0.66)}"></path>
    <path class="leaf left" d="M${at(-0.01, 0.42)}C${at(-0.1, 0.7)} ${at(-0.32, 0.74)} ${at(-0.5, 0.7)}C${at(-0.44, 0.5)} ${at(-0.25, 0.36)} ${at(-0.01, 0.42)}Z"></path>
    <path class="leaf right" d="M${at(0, 0.64)}C${at(0.06, 0.92)} ${at(0.26, 1)} ${at(0.46, 0.98)}C${at(0.44, 0.76)} ${at(0.24, 0.58)} ${at(0, 0.64)}Z"></path>
  </g>`
}
