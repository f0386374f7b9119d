/**
 * What the tree takes up on this device: a bar, and what its parts are.
 * @module
 */
import { LitElement, html, svg } from 'lit'
import type { StorageReport, TreeStatus } from '../../node/api.ts'
import { formatCount, formatSize } from '../format.ts'
import type { Safety } from '../model.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { words } from '../words.ts'
import { spaceStyle } from './space-view.css.ts'
import '../part/copies.ts'

export class BtSpaceView extends LitElement {
  static override properties = {
    report: { attribute: false },
    safety: { attribute: false },
    tree: { attribute: false },
  }
  declare report: StorageReport
  /** Of all of it. */
  declare safety: Safety
  declare tree: TreeStatus | null

  static override styles = [shared, sectionStyle, spaceStyle]

  override render() {
    const { usedBytes, quotaBytes, treeBytes, trashBytes, fileCount } = this.report
    const parts = [
      ['tree', words.storage.tree, treeBytes],
      ['in-trash', words.storage.trash, trashBytes],
      ['upkeep', words.storage.upkeep, Math.max(0, usedBytes - treeBytes - trashBytes)],
    ] as const
    return html`<section>
      <p class="used number">${words.storage.used(usedBytes, quotaBytes)}</p>
      <svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label=${words.storage.barLabel}>
        ${bars(parts)}
      </svg>
      <dl class="legend number">
        ${parts.map(
          ([kind, text, sizeBytes]) =>
            html`<div>
              <dt><span class="swatch ${kind}"></span>${text}</dt>
              <dd>${formatSize(sizeBytes)}</dd>
            </div>`,
        )}
        <div>
          <dt>${words.storage.files}</dt>
          <dd>${formatCount(fileCount)}</dd>
        </div>
      </dl>
      <p class="quiet small">${words.storage.upkeepHelp}</p>
      <bt-copies .safety=${this.safety} .tree=${this.tree}></bt-copies>
    </section>`
  }
}
customElements.define('bt-space-view', BtSpaceView)

/** Of what is used, not of the quota: a browser's quota is so large that nothing would be seen. */
function bars(parts: readonly (readonly [kind: string, text: string, sizeBytes: number])[]) {
  const whole = Math.max(
    1,
    parts.reduce((sum, [, , sizeBytes]) => sum + sizeBytes, 0),
  )
  let x = 0
  return parts.map(([kind, , sizeBytes]) => {
    const start = x
    const width = (100 * sizeBytes) / whole
    x += width
    return svg`<rect class=${kind} x=${start} y="0" width=${width} height="4"></rect>`
  })
}
