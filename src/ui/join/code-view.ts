/**
 * The code that lets a device in, as a QR and as a link, with the time that is left, and who can follow it.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { icon } from '../part/icon.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import type { HostFactsPort } from '../ports.ts'
import { besideHash } from '../route.ts'
import { joinStyle } from './join.css.ts'
import { type Site, linkTo, siteOf } from './link.ts'
import { qrPicture, qrStyle } from './qr.ts'
import { joinWords } from './words.ts'
import '../part/waiting.ts'

const tickMs = 1000

export class BtCodeView extends LitElement {
  static override properties = {
    code: {},
    expiresAtMs: { type: Number },
    hostFacts: { attribute: false },
    hash: {},
    site: { state: true },
    nowMs: { state: true },
    copied: { state: true },
  }
  declare code: string
  declare expiresAtMs: number
  declare hostFacts: HostFactsPort
  declare hash: string
  /** null until the host has said where it is reached. */
  declare site: Site | null
  declare nowMs: number
  declare copied: string
  #timer: ReturnType<typeof setInterval> | undefined

  static override styles = [
    shared,
    sectionStyle,
    joinStyle,
    qrStyle,
    css`
      :host {
        display: grid;
        gap: var(--space-4);
      }
      .left {
        text-align: center;
      }
      .row {
        justify-content: center;
      }
    `,
  ]

  constructor() {
    super()
    this.site = null
    this.nowMs = Date.now()
    this.copied = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => (this.nowMs = Date.now()), tickMs)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }
  override async firstUpdated(): Promise<void> {
    this.site = siteOf(await this.hostFacts(), new URL(location.href))
  }

  override render() {
    const { site, code } = this
    if (!site) return html`<bt-waiting .cause=${joinWords.wait.site}></bt-waiting>`
    const words = joinWords.invite.code
    const secondsLeft = (this.expiresAtMs - this.nowMs) / 1000
    return html`${this.#reach(site)} ${qrPicture(linkTo(site, code), words.label)}
      <p class="quiet small number left">${words.left(secondsLeft)}</p>
      <div class="row">
        <button class="plain" @click=${() => this.#copy(linkTo(site, code))}>${icon('copy')}${words.copy}</button>
      </div>
      <p class="quiet small left" role="status">${this.copied}</p>
      ${site.reach === 'everyone' ? nothing : this.#ways()}`
  }

  /** Said first: else a phone is held before a code that leads it nowhere. */
  #reach({ reach, address }: Site) {
    const words = joinWords.invite.code
    if (reach === 'everyone') return nothing
    const text = reach === 'unsaid' ? words.unsaid(address) : words.thisComputer
    return html`<p class="note">${icon('warn')}<span>${text}</span></p>`
  }

  #ways() {
    const words = joinWords.invite.code
    return html`<section>
      <h2>${words.waysTitle}</h2>
      <ul class="steps">
        ${words.ways.map((way) => html`<li>${way}</li>`)}
      </ul>
      <p>${words.besides}</p>
      <a class="button" href=${besideHash(this.hash, this.code)} target="_blank" rel="noopener">
        ${icon('open')}${words.beside}
      </a>
    </section>`
  }

  async #copy(link: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(link)
      this.copied = joinWords.invite.code.copied
    } catch {
      // Permission, or a page without focus.
      this.copied = joinWords.invite.code.notCopied
    }
  }
}
customElements.define('bt-code-view', BtCodeView)
