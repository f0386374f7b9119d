/**
 * The ways of reading an invitation: the camera, a picture of the code, the link.
 *
 * Says by an `InvitationReadEvent` that there is one.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { ScannerPort } from '../ports.ts'
import { joinStyle } from './join.css.ts'
import { Scanning } from './scanning.ts'
import { joinWords } from './words.ts'
import '../part/waiting.ts'

export class InvitationReadEvent extends Event {
  static readonly type = 'bt-invitation-read'
  readonly code: string
  constructor(code: string) {
    super(InvitationReadEvent.type)
    this.code = code
  }
}

const words = joinWords.join.ways

export class BtScanView extends LitElement {
  static override properties = { scanner: { attribute: false } }
  declare scanner: () => Promise<ScannerPort>
  readonly #scanning = new Scanning(
    () => this.scanner(),
    (code) => this.dispatchEvent(new InvitationReadEvent(code)),
  )

  static override styles = [
    shared,
    joinStyle,
    css`
      :host {
        display: grid;
        gap: var(--space-4);
      }
      .finder {
        position: relative;
        overflow: hidden;
        aspect-ratio: 1;
        inline-size: min(100%, 24rem);
        margin-inline: auto;
        border-radius: var(--radius-3);
        background: var(--root-fill);
      }
      video {
        inline-size: 100%;
        block-size: 100%;
        object-fit: cover;
      }
      /* Where to hold the code. */
      .finder::after {
        content: '';
        position: absolute;
        inset: 14%;
        border: 3px solid var(--on-root);
        border-radius: var(--radius-2);
        opacity: 0.85;
        pointer-events: none;
      }
      .said {
        text-align: center;
      }
      .row {
        justify-content: center;
      }
      form {
        display: grid;
        gap: var(--space-2);
      }
      .link {
        display: flex;
        gap: var(--space-2);
      }
      .link button {
        flex: none;
      }
    `,
  ]

  constructor() {
    super()
    new Watching(this, () => this.#scanning)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#scanning.stop()
  }

  override render() {
    const { state, problem } = this.#scanning
    const isCameraOn = state === 'asking' || state === 'looking'
    return html`${this.#finder(isCameraOn)} ${isCameraOn ? nothing : this.#ways()} ${problemLine(problem)}
      ${state === 'asking' ? html`<bt-waiting .cause=${joinWords.wait.camera}></bt-waiting>` : nothing}
      ${state === 'reading' ? html`<bt-waiting .cause=${joinWords.wait.photo}></bt-waiting>` : nothing}
      <form novalidate @submit=${this.#pasted}>
        <label for="link">${words.link}</label>
        <div class="link">
          <input id="link" name="link" type="url" autocomplete="off" autocapitalize="none" spellcheck="false" />
          <button>${words.linkButton}</button>
        </div>
      </form>`
  }

  #ways() {
    return html`<div class="choices">
      <button class="loud" @click=${this.#look}>${icon('camera')}${words.camera}</button>
      <button @click=${() => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()}>
        ${icon('photo')}${words.photo}
      </button>
      <input hidden type="file" accept="image/*" @change=${this.#picked} />
    </div>`
  }

  #finder(isCameraOn: boolean) {
    const { state, isStranger } = this.#scanning
    // The camera is given this very element, so it is there before it is asked for.
    return html`<div class="finder" ?hidden=${state !== 'looking'}>
        <video playsinline muted aria-label=${words.viewLabel}></video>
      </div>
      ${
        isCameraOn
          ? html`<p class="said" role="status">
                ${state !== 'looking' ? nothing : isStranger ? words.stranger : words.looking}
              </p>
              <div class="row">
                <button class="plain" @click=${() => this.#scanning.stop()}>${words.stop}</button>
              </div>`
          : nothing
      }`
  }

  #look = (): void => {
    const video = this.renderRoot.querySelector('video')!
    // The property, since the attribute alone is not heard by every browser.
    video.muted = true
    void this.#scanning.look(video)
  }
  #picked = (event: Event): void => {
    const input = event.target as HTMLInputElement
    const photo = input.files?.[0]
    input.value = ''
    if (photo) void this.#scanning.readPhoto(photo)
  }
  #pasted = (event: SubmitEvent): void => {
    event.preventDefault()
    this.#scanning.readLink(String(new FormData(event.target as HTMLFormElement).get('link') ?? ''))
  }
}
customElements.define('bt-scan-view', BtScanView)
