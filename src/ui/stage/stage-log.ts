/**
 * The ends of the logs of all devices, one under the other.
 * @module
 */
import { LitElement, css, html } from 'lit'
import type { StageDevice } from '../../port/stage.ts'
import { shared } from '../part/shared.ts'
import { words } from '../words.ts'

const columnCount = 12

export class BtStageLog extends LitElement {
  static override properties = { devices: { attribute: false } }
  declare devices: readonly StageDevice[]

  static override styles = [
    shared,
    css`
      table {
        inline-size: 100%;
        table-layout: fixed;
        border-spacing: 2px;
        font-size: var(--text-1);
      }
      th {
        inline-size: 4.25rem;
        font-weight: 500;
        text-align: start;
      }
      td {
        block-size: 1.5rem;
        padding: 0;
        border-radius: var(--radius-1);
        text-align: center;
        color: var(--ink-quiet);
      }
      td.there {
        border: 1px solid var(--line-strong);
      }
      td.taken {
        border-color: transparent;
        background: var(--cell-1);
        color: var(--on-cell);
      }
      td.odd.taken {
        background: var(--accent);
        color: var(--on-accent);
      }
    `,
  ]

  override render() {
    const end = Math.max(0, ...this.devices.map(({ entries }) => entries.at(-1)?.index ?? 0))
    const indexes = Array.from({ length: columnCount }, (_, column) => end - columnCount + 1 + column)
    return html`<table class="number">
      <tbody>
        ${this.devices.map(
          (device) =>
            html`<tr>
              <th scope="row">${device.name}</th>
              ${indexes.map((index) => this.#cell(device, index))}
            </tr>`,
        )}
      </tbody>
    </table>`
  }

  #cell({ entries, appliedIndex }: StageDevice, index: number) {
    const entry = entries.find((each) => each.index === index)
    if (entry === undefined) return html`<td></td>`
    const isTaken = index <= appliedIndex
    const kinds = ['there', isTaken ? 'taken' : '', entry.term % 2 === 1 ? 'odd' : ''].join(' ')
    return html`<td class=${kinds} title=${words.sim.entry(index, entry.term, isTaken)}>${entry.term}</td>`
  }
}
customElements.define('bt-stage-log', BtStageLog)
