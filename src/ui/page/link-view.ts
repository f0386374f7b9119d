/**
 * Where a link leads, and the way there; or why it leads nowhere.
 * @module
 */
import { LitElement, type PropertyValues, css, html } from 'lit'
import { type Actions, displayName } from '../actions.ts'
import { ActionsEvent, GroundEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { type Model, lineage } from '../model.ts'
import { icon } from '../part/icon.ts'
import { shared } from '../part/shared.ts'
import { farHash, isFarId } from '../route.ts'
import { words } from '../words.ts'

export class BtLinkView extends LitElement {
  static override properties = {
    actions: { attribute: false },
    itemId: {},
    model: { attribute: false },
    targetId: { state: true },
    problem: { state: true },
  }
  declare actions: Actions
  declare itemId: string
  declare model: Model
  /** Empty until it is found. */
  declare targetId: string
  declare problem: string

  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        gap: var(--space-3);
        margin-block-end: var(--space-3);
      }
      p {
        overflow-wrap: anywhere;
      }
    `,
  ]

  constructor() {
    super()
    this.targetId = ''
    this.problem = ''
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('itemId')) this.targetId = this.problem = ''
    // Also as the tree changes: what it leads to may come and go.
    if (changed.has('itemId') || changed.has('model')) void this.#look(this.itemId)
  }

  override render() {
    const target = this.model.items.get(this.targetId)
    if (this.problem !== '') return html`<p class="note" role="status">${icon('warn')}<span>${this.problem}</span></p>`
    if (isFarId(this.targetId))
      return html`<p role="status">${words.link.far}</p>
        <a class="button loud" href=${farHash(this.targetId, location.hash)}>${icon('link')}${words.link.openFar}</a>`
    if (!target) return html`<p class="quiet" role="status">${words.link.looking}</p>`
    const name = displayName(this.model, target)
    const path = lineage(this.model, target.id).map((item) => displayName(this.model, item))
    return html`<p role="status">
        <span class="quiet small">${words.link.leadsTo}</span> <bdi>${path.join(' / ')}</bdi>
      </p>
      <button class="loud" @click=${() => this.#go()}>${icon('link')}<bdi>${words.link.follow(name)}</bdi></button>`
  }

  /** One look at a time: in another tree it takes a while, and meanwhile this tree may change again and again. */
  async #look(id: string): Promise<void> {
    if (this.#looking === id) {
      this.#isStale = true
      return
    }
    this.#looking = id
    do {
      this.#isStale = false
      await this.#lookOnce(id)
    } while (this.#isStale && this.#looking === id)
    if (this.#looking === id) this.#looking = ''
  }
  #looking = ''
  #isStale = false

  async #lookOnce(id: string): Promise<void> {
    let [targetId, problem] = ['', '']
    try {
      targetId = await this.actions.api.followLink(id)
    } catch (error) {
      problem = sentenceOf(error)
    }
    if (id !== this.itemId) return
    this.targetId = targetId
    this.problem = problem
  }

  /** Into a folder; a file is shown where it lies, with what can be done with it. */
  #go(): void {
    const target = this.model.items.get(this.targetId)
    if (!target) return
    const isFolder = target.kind === 'folder'
    this.dispatchEvent(new GroundEvent(isFolder ? target.id : target.parentId!))
    this.dispatchEvent(new ActionsEvent(isFolder ? '' : target.id))
  }
}
customElements.define('bt-link-view', BtLinkView)
