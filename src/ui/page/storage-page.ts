/**
 * What the tree takes up here, how long it stays, a copy of it elsewhere, and whose it is.
 * @module
 */
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import type { StorageReport } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { sentenceOf } from '../fault.ts'
import { type Model, safetyOf } from '../model.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, shared } from '../part/shared.ts'
import type { PasskeyPort } from '../ports.ts'
import { hashOf } from '../route.ts'
import { words } from '../words.ts'
import '../join/aside-view.ts'
import './archive-view.ts'
import './hold-view.ts'
import './keep-view.ts'
import './keys-view.ts'
import './reseal-view.ts'
import './space-view.ts'
import '../part/waiting.ts'

export class BtStoragePage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    passkey: { attribute: false },
    hash: {},
    report: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare passkey: PasskeyPort
  declare hash: string
  declare report: StorageReport | null
  declare problem: string

  static override styles = [shared, pageStyle]

  constructor() {
    super()
    this.report = null
    this.problem = ''
  }

  /** Counted anew with every change of the tree. */
  override updated(changed: PropertyValues<this>): void {
    if (changed.has('model')) void this.#measure()
  }

  override render() {
    const { report, problem } = this
    const { tree } = this.model
    return html`<div class="page">
      <h1>${words.storage.title}</h1>
      ${problemLine(problem, report ? null : () => this.#measureAgain())}
      ${
        report
          ? html`<bt-space-view
              .report=${report}
              .safety=${safetyOf(this.model, tree?.rootId ?? '')}
              .tree=${tree}
            ></bt-space-view>`
          : problem
            ? nothing
            : html`<bt-waiting .cause=${words.wait.storage}></bt-waiting>`
      }
      ${report && tree && tree.deviceCount > 1 ? html`<bt-hold-view .report=${report} .actions=${this.actions}></bt-hold-view>` : nothing}
      ${tree?.aside ? html`<bt-aside-view .actions=${this.actions} .aside=${tree.aside}></bt-aside-view>` : nothing}
      <bt-keep-view></bt-keep-view>
      ${tree?.limited ? nothing : html`<bt-archive-view .actions=${this.actions} .planted=${tree?.isPlanted === true} .hash=${this.hash}></bt-archive-view>`}
      ${tree?.isPlanted && !tree.limited && !tree.removed ? html`<bt-reseal-view .actions=${this.actions}></bt-reseal-view>` : nothing}
      ${tree?.root ? html`<bt-passkeys .tree=${tree} .actions=${this.actions} .passkey=${this.passkey} .hash=${this.hash}></bt-passkeys>` : nothing}
      ${tree?.root ? html`<bt-hybrid .tree=${tree} .actions=${this.actions}></bt-hybrid>` : nothing}
      ${tree ? html`<bt-keys-view .tree=${tree} .stateRoot=${report?.stateRoot ?? ''} .attested=${report?.attested ?? null}></bt-keys-view>` : nothing}
      <p><a href=${hashOf('/fragments', this.hash)}>${words.fragments.link}</a></p>
      <p><a href=${hashOf('/sim', this.hash)}>${words.sim.link}</a></p>
    </div>`
  }

  #measureAgain(): void {
    this.problem = ''
    void this.#measure()
  }
  async #measure(): Promise<void> {
    try {
      this.report = await this.actions.api.storage()
      this.problem = ''
    } catch (error) {
      this.problem = sentenceOf(error)
    }
  }
}
customElements.define('bt-storage-page', BtStoragePage)
