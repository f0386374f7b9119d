/**
 * Joining a tree that another device has, step by step.
 * @module
 */
import { LitElement, css, html } from 'lit'
import type { Actions } from '../actions.ts'
import type { Model } from '../model.ts'
import { plantStyle } from '../page/plant-page.css.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import type { ScannerPort } from '../ports.ts'
import { joinStyle } from './join.css.ts'
import { joinStep } from './join-steps.ts'
import { JoinCourse } from './joining.ts'
import { linkTo, siteOf } from './link.ts'
import { surroundingsOf } from './surroundings.ts'
import { joinWords } from './words.ts'

export class BtJoinPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    scanner: { attribute: false },
    code: {},
    hash: {},
    copied: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare scanner: () => Promise<ScannerPort>
  /** Of the invitation that the address had; empty where it had none. */
  declare code: string
  declare hash: string
  declare copied: string
  readonly #surroundings = surroundingsOf({
    userAgent: navigator.userAgent,
    maxTouchPoints: navigator.maxTouchPoints,
    // A pretend device is no more than it says.
    isStandalone:
      window.parent !== window ||
      matchMedia('(display-mode: standalone)').matches ||
      (navigator as { readonly standalone?: boolean }).standalone === true,
  })
  #course: JoinCourse | undefined
  #drawnStage = ''

  static override styles = [
    shared,
    pageStyle,
    sectionStyle,
    plantStyle,
    joinStyle,
    css`
      dd.name {
        font-size: var(--text-4);
        font-weight: 620;
        line-height: 1.25;
        overflow-wrap: anywhere;
      }
    `,
  ]

  constructor() {
    super()
    this.code = ''
    this.copied = ''
    new Watching(this, () => this.#course)
  }

  override willUpdate(changed: Map<PropertyKey, unknown>): void {
    if (this.#course && !changed.has('code')) return
    if (this.#course) this.#course.read(this.code || null)
    else this.#course = new JoinCourse(this.actions.api, this.code || null)
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#course = undefined
    this.#drawnStage = ''
  }

  override render() {
    const course = this.#course!
    const { joining, tree } = this.model
    const isPlanted = tree?.isPlanted === true
    const step = course.arrive({ joining, isPlanted, surroundings: this.#surroundings })
    this.#stage = step.stage
    return html`<div class="page">
      ${joinStep(step, {
        course,
        scanner: this.scanner,
        surroundings: this.#surroundings,
        ownerName: isPlanted ? tree.ownerName : '',
        aside: tree?.aside ?? null,
        limited: tree?.limited ?? null,
        hash: this.hash,
        copyLink: () => void this.#copyLink(course),
        copied: this.copied,
      })}
    </div>`
  }
  #stage = ''

  /** A new step is read from its heading on. */
  override updated(): void {
    const stage = this.#stage
    if (stage !== this.#drawnStage && this.#drawnStage !== '') this.renderRoot.querySelector<HTMLElement>('h1')?.focus()
    this.#drawnStage = stage
  }

  async #copyLink({ code }: JoinCourse): Promise<void> {
    if (code === null) return
    try {
      await navigator.clipboard.writeText(linkTo(siteOf({ origins: [] }, new URL(location.href)), code))
      this.copied = joinWords.invite.code.copied
    } catch {
      this.copied = joinWords.invite.code.notCopied
    }
  }
}
customElements.define('bt-join-page', BtJoinPage)
