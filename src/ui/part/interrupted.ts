/**
 * Large files that were on their way in when their node ended: each goes on where it was as soon as it is chosen again.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { InterruptedUpload } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { standingStill } from '../adding.ts'
import { entriesOfFiles } from '../entries.ts'
import type { JobsById } from '../model.ts'
import { words } from '../words.ts'
import { problemLine } from './problem.ts'
import { shared } from './shared.ts'
import { Watching } from './watching.ts'

export class BtInterrupted extends LitElement {
  static override properties = {
    actions: { attribute: false },
    jobs: { attribute: false },
    problemId: { state: true },
  }
  declare actions: Actions
  declare jobs: JobsById
  /** For which another file was chosen; empty: for none. */
  declare problemId: string

  static override styles = [
    shared,
    css`
      :host {
        display: block;
        padding-inline-end: var(--space-2);
      }
      p {
        overflow-wrap: anywhere;
      }
      li {
        padding-block: var(--space-2);
      }
      .row {
        margin-block-start: var(--space-2);
      }
    `,
  ]

  constructor() {
    super()
    this.jobs = new Map()
    this.problemId = ''
    new Watching(this, () => this.actions?.adding)
  }

  override render() {
    const left = standingStill(this.actions.adding.interrupted, this.jobs)
    return html`<ul role="list">
        ${repeat(
          left,
          ({ id }) => id,
          (upload) =>
            html`<li>
              <p>
                <bdi>${words.interrupted.text(upload, this.actions.nameOf(upload.folderId))}</bdi>
              </p>
              <p class="quiet small">${words.interrupted.help}</p>
              ${upload.id === this.problemId ? problemLine(words.interrupted.another) : nothing}
              <p class="row">
                <button aria-label=${words.interrupted.labelChoose(upload.name)} @click=${() => this.#choose(upload)}>
                  ${words.interrupted.choose}
                </button>
                <button
                  class="plain"
                  aria-label=${words.interrupted.labelGiveUp(upload.name)}
                  @click=${() => this.actions.adding.giveUp(upload.id)}
                >
                  ${words.interrupted.giveUp}
                </button>
              </p>
            </li>`,
        )}
      </ul>
      <input hidden type="file" @change=${this.#picked} />`
  }

  #wanted: InterruptedUpload | null = null
  #choose(upload: InterruptedUpload): void {
    this.#wanted = upload
    this.renderRoot.querySelector('input')!.click()
  }
  #picked(event: Event): void {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    const wanted = this.#wanted
    if (file === undefined || wanted === null) return
    const isSame = file.name.trim().normalize('NFC') === wanted.name && file.size === wanted.sizeBytes
    this.problemId = isSame ? '' : wanted.id
    const entries = entriesOfFiles([file])
    input.value = ''
    if (isSame) void this.actions.add(wanted.folderId, entries)
  }
}
customElements.define('bt-interrupted', BtInterrupted)
