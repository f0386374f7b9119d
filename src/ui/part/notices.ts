/**
 * The messages at the foot of the page. One that can be undone counts its seconds, and waits while a person is at it.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { type Notice, type Notices, undoWindowMs } from '../notices.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { noticesStyle } from './notices.css.ts'
import { shared } from './shared.ts'
import { Watching } from './watching.ts'

const tickMs = 250

export class BtNotices extends LitElement {
  static override properties = { notices: { attribute: false } }
  declare notices: Notices
  /** What remains of each notice's time; one that stays has no entry. */
  readonly #leftMs = new Map<number, number>()
  #timer: ReturnType<typeof setInterval> | undefined
  #isHeld = false

  static override styles = [shared, noticesStyle]

  constructor() {
    super()
    new Watching(this, () => this.notices)
    this.addEventListener('pointerenter', () => (this.#isHeld = true))
    this.addEventListener('pointerleave', () => (this.#isHeld = false))
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  override render() {
    const list = this.notices?.list ?? []
    return html`<ul role="list">
        ${repeat(
          list,
          (notice) => notice.id,
          (notice) => this.#line(notice),
        )}
      </ul>
      <div class="unseen" role="status">${list.map((notice) => html`<p>${notice.text}</p>`)}</div>`
  }

  #line(notice: Notice) {
    const { id, text, tone, action, staysMs } = notice
    const seconds = Math.ceil((this.#leftMs.get(id) ?? staysMs ?? 0) / 1000)
    const isQuestion = action !== undefined && staysMs === null
    return html`<li class=${`${tone === 'problem' ? 'danger' : ''} ${isQuestion ? 'question' : ''}`}>
      <p><bdi>${text}</bdi></p>
      ${
        action
          ? html`<button class="plain act" @click=${() => this.notices.act(id)}>
              ${staysMs === undoWindowMs ? icon('undo') : nothing}${action.label}
              ${
                staysMs === undoWindowMs
                  ? html`<span class="left number" title=${words.undo.left(seconds)}>${seconds}</span>`
                  : nothing
              }
            </button>`
          : nothing
      }
      <button class="plain only-icon" aria-label=${words.dismiss} @click=${() => this.notices.dismiss(id)}>
        ${icon('close')}
      </button>
    </li>`
  }

  override updated(): void {
    const list = this.notices?.list ?? []
    for (const { id, staysMs } of list) if (staysMs !== null && !this.#leftMs.has(id)) this.#leftMs.set(id, staysMs)
    for (const id of this.#leftMs.keys()) if (!list.some((notice) => notice.id === id)) this.#leftMs.delete(id)
    if (this.#leftMs.size > 0) this.#timer ??= setInterval(() => this.#tick(), tickMs)
    else {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  /** Time stands still under the pointer, and where the keyboard is: nobody has to hurry. */
  #tick(): void {
    if (this.#isHeld || this.matches(':focus-within')) return
    for (const [id, leftMs] of this.#leftMs) {
      if (leftMs <= tickMs) this.notices.dismiss(id)
      else this.#leftMs.set(id, leftMs - tickMs)
    }
    this.requestUpdate()
  }
}
customElements.define('bt-notices', BtNotices)
