/**
 * What was here before this tree: to be saved file by file, brought along, or deleted.
 * @module
 */
import { LitElement, type PropertyValues, css, html } from 'lit'
import type { AsideFile, TreeStatus } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { formatSize } from '../format.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { sectionStyle, shared } from '../part/shared.ts'
import { joinWords } from './words.ts'

const words = joinWords.aside

export class BtAsideView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    aside: { attribute: false },
    files: { state: true },
    isAsking: { state: true },
    isBusy: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  declare aside: NonNullable<TreeStatus['aside']>
  declare files: readonly AsideFile[]
  /** Whether all of it is really to be deleted. */
  declare isAsking: boolean
  declare isBusy: boolean
  declare problem: string

  static override styles = [
    shared,
    sectionStyle,
    css`
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        align-items: center;
        gap: var(--space-3);
        overflow-wrap: anywhere;
      }
      ul {
        inline-size: 100%;
        max-block-size: 40dvh;
        overflow: auto;
      }
    `,
  ]

  constructor() {
    super()
    this.files = []
    this.isAsking = false
    this.isBusy = false
    this.problem = ''
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('aside')) void this.#list()
  }

  override render() {
    const { fileCount, sizeBytes, trouble } = this.aside
    return html`<section class="card">
      <h2>${words.title(fileCount)}</h2>
      <p>${words.apart(formatSize(sizeBytes))}</p>
      <ul role="list" tabindex="0" aria-label=${words.listLabel}>
        ${this.files.map((file) => this.#line(file))}
      </ul>
      ${problemLine(trouble === null ? '' : words.trouble(trouble))}
      ${problemLine(this.problem === trouble ? '' : this.problem)}
      <div class="row">
        ${
          this.isAsking
            ? html`<span>${words.sure}</span>
                <button class="danger" ?disabled=${this.isBusy} @click=${() => this.#do((api) => api.dropAside())}>
                  ${words.drop}
                </button>
                <button @click=${() => (this.isAsking = false)}>${words.keep}</button>`
            : html`<button
                  class="loud"
                  ?disabled=${this.isBusy}
                  @click=${() => this.#do((api) => api.bringAside(crypto.randomUUID()))}
                >
                  ${words.yes}
                </button>
                <button class="plain" ?disabled=${this.isBusy} @click=${() => (this.isAsking = true)}>
                  ${icon('trash')}${words.drop}
                </button>`
        }
      </div>
    </section>`
  }

  #line({ id, name, sizeBytes }: AsideFile) {
    return html`<li>
      <span><bdi>${name}</bdi> <span class="quiet small number">${formatSize(sizeBytes)}</span></span>
      <button class="plain only-icon" aria-label=${words.save(name)} @click=${() => this.actions.download(id)}>
        ${icon('download')}
      </button>
    </li>`
  }

  async #list(): Promise<void> {
    this.files = (await this.actions.api.aside().catch(() => null)) ?? []
  }
  async #do(deed: (api: Actions['api']) => Promise<void>): Promise<void> {
    this.isBusy = true
    this.problem = ''
    try {
      await deed(this.actions.api)
    } catch (error) {
      this.problem = sentenceOf(error)
    }
    this.isBusy = false
  }
}
customElements.define('bt-aside-view', BtAsideView)
