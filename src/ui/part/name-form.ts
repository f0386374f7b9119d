/**
 * One field for a name, with the reason beside it where the name cannot be had.
 * @module
 */
import { LitElement, css, html, nothing } from 'lit'
import { NameLeftEvent, NamedEvent } from '../events.ts'
import { words } from '../words.ts'
import { icon } from './icon.ts'
import { shared } from './shared.ts'

export class BtNameForm extends LitElement {
  static override properties = {
    label: {},
    value: {},
    button: {},
    problem: {},
    busy: { type: Boolean },
    compact: { type: Boolean, reflect: true },
  }
  declare label: string
  /** What stands in the field at first, marked without its ending, ready to be typed over. */
  declare value: string
  declare button: string
  declare problem: string
  declare busy: boolean
  /** In a row of a list: the label is not drawn. */
  declare compact: boolean

  static override styles = [
    shared,
    css`
      form {
        display: grid;
        gap: var(--space-3);
      }
      :host([compact]) form {
        grid-template-columns: 1fr auto;
        gap: var(--space-1) var(--space-2);
      }
      .problem {
        grid-column: 1 / -1;
      }
    `,
  ]

  constructor() {
    super()
    this.label = ''
    this.value = ''
    this.button = words.item.save
    this.problem = ''
    this.busy = false
    this.compact = false
  }

  override render() {
    const field = html`<input
      name="name"
      dir="auto"
      autocomplete="off"
      spellcheck="false"
      required
      .value=${this.value}
      aria-label=${this.label}
      aria-invalid=${this.problem ? 'true' : nothing}
      aria-describedby=${this.problem ? 'problem' : nothing}
      @keydown=${this.#pressed}
    />`
    return html`<form novalidate @submit=${this.#submitted}>
      ${this.compact ? field : html`<label><span aria-hidden="true">${this.label}</span>${field}</label>`}
      <div class="row"><button class="loud" ?disabled=${this.busy}>${this.button}</button></div>
      ${this.problem ? html`<p class="problem" id="problem" role="alert">${icon('warn')}<span>${this.problem}</span></p>` : nothing}
    </form>`
  }

  override firstUpdated(): void {
    const field = this.#field
    field.focus()
    const ending = this.value.lastIndexOf('.')
    field.setSelectionRange(0, ending > 0 ? ending : this.value.length)
  }

  get #field(): HTMLInputElement {
    return this.renderRoot.querySelector('input')!
  }
  #submitted(event: Event): void {
    event.preventDefault()
    const name = this.#field.value.trim()
    if (name === '') this.problem = words.plant.nameMissing
    else this.dispatchEvent(new NamedEvent(name))
  }
  /** The keys of the list around it are letters here. */
  #pressed(event: KeyboardEvent): void {
    event.stopPropagation()
    if (event.key !== 'Escape' || !this.compact) return
    event.preventDefault()
    this.dispatchEvent(new NameLeftEvent())
  }
}
customElements.define('bt-name-form', BtNameForm)
