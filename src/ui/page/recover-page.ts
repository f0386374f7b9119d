/**
 * Brings a tree back from an archive and the words of its recovery card.
 * @module
 */
import { LitElement, html, nothing } from 'lit'
import type { Actions } from '../actions.ts'
import { type Model, countWithin, rootOf } from '../model.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, shared } from '../part/shared.ts'
import { Watching } from '../part/watching.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import { Recovering } from './recovering.ts'
import './recover-form.ts'
import '../part/waiting.ts'

export class BtRecoverPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    hash: {},
  }
  declare model: Model
  declare actions: Actions
  declare hash: string
  #recovering: Recovering | undefined

  static override styles = [shared, pageStyle]

  constructor() {
    super()
    new Watching(this, () => (this.#recovering ??= this.actions && new Recovering(this.actions.api)))
  }

  override render() {
    const { problem, isBusy } = this.#recovering!
    return html`<div class="page">
      <h1>${words.recover.title}</h1>
      ${this.#step(this.#recovering!)} ${problemLine(problem)}
      ${isBusy ? html`<bt-waiting .cause=${words.wait.archive}></bt-waiting>` : nothing}
    </div>`
  }

  #step(recovering: Recovering) {
    const { step, isBusy } = recovering
    if (step.kind === 'done')
      return html`<p>${words.recover.done}</p>
        ${step.signers.length > 0 ? html`<p><bdi>${words.recover.signed(step.signers)}</bdi></p>` : nothing}
        <div class="row"><a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a></div>`
    // The tree counts as planted before its recovery is answered for.
    if (this.model.tree?.isPlanted && !isBusy)
      return html`<p>${words.recover.planted}</p>
        <div class="row"><a class="button loud" href=${hashOf('/', this.hash)}>${words.plant.done.button}</a></div>`
    const root = rootOf(this.model)
    return html`<p>${words.recover.help}</p>
      <div class="row">
        <button
          class=${step.kind === 'choose' ? 'loud' : ''}
          ?disabled=${step.kind === 'opening'}
          @click=${() => this.renderRoot.querySelector<HTMLInputElement>('input[type=file]')?.click()}
        >
          ${words.recover.choose}
        </button>
      </div>
      <input hidden type="file" accept=".bt" @change=${this.#picked} />
      ${
        step.kind === 'chosen' || step.kind === 'opening'
          ? html`<bt-recover-form
              .recovering=${recovering}
              .summary=${step.summary}
              .busy=${isBusy}
              .replaces=${root !== undefined && countWithin(this.model, root.id) > 0}
            ></bt-recover-form>`
          : nothing
      }`
  }

  #picked(event: Event): void {
    const input = event.target as HTMLInputElement
    const archive = input.files?.[0]
    input.value = ''
    if (archive) void this.#recovering?.choose(archive)
  }
}
customElements.define('bt-recover-page', BtRecoverPage)
