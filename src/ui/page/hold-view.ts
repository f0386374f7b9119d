/**
 * How much of a tree of several devices this one keeps.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { StorageReport } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { sentenceOf } from '../fault.ts'
import { words } from '../words.ts'

const gigabyte = 1_000_000_000
const choices = [1, 2, 5, 10, 20, 50].map((count) => count * gigabyte)

export class BtHoldView extends LitElement {
  static override properties = {
    report: { attribute: false },
    actions: { attribute: false },
    problem: { state: true },
  }
  declare report: StorageReport
  declare actions: Actions
  declare problem: string

  static override styles = [shared, sectionStyle]

  constructor() {
    super()
    this.problem = ''
  }

  override render() {
    const { heldBytes, treeBytes, trashBytes, holdQuotaBytes, isVoter } = this.report
    const { storage } = words
    const all = [...new Set([...choices, ...(holdQuotaBytes === null ? [] : [holdQuotaBytes])])]
    return html`<section class="card">
      <h2>${storage.holdTitle}</h2>
      <p class="number">${storage.held(heldBytes, treeBytes + trashBytes)}</p>
      <label class="stack">
        <span>${storage.holdLabel}</span>
        <select @change=${this.#chosen}>
          <option value="" ?selected=${holdQuotaBytes === null}>${storage.holdAll}</option>
          ${all
            .toSorted((one, other) => one - other)
            .map(
              (sizeBytes) =>
                html`<option value=${sizeBytes} ?selected=${holdQuotaBytes === sizeBytes}>
                  ${storage.holdAtMost(sizeBytes)}
                </option>`,
            )}
        </select>
      </label>
      <p class="quiet">${storage.holdHelp}</p>
      ${isVoter && holdQuotaBytes !== null ? html`<p class="note">${icon('warn')}<span>${storage.holdVoter}</span></p>` : nothing}
      ${problemLine(this.problem)}
    </section>`
  }

  async #chosen(event: Event): Promise<void> {
    const { value } = event.target as HTMLSelectElement
    try {
      await this.actions.api.setHoldQuota(value === '' ? null : Number(value))
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-hold-view', BtHoldView)
