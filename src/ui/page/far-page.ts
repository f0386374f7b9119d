/**
 * A folder in somebody else's tree, as a link of this one leads to it: what is in it now, to be looked at and taken from.
 * @module
 */
import { LitElement, type PropertyValues, css, html, nothing } from 'lit'
import type { FarView, Item } from '../../node/api.ts'
import type { Actions } from '../actions.ts'
import { GroundEvent } from '../events.ts'
import { sentenceOf } from '../fault.ts'
import { formatSize } from '../format.ts'
import { type Model, compareItems } from '../model.ts'
import { icon } from '../part/icon.ts'
import { problemLine } from '../part/problem.ts'
import { pageStyle, sectionStyle, shared } from '../part/shared.ts'
import { farHash, farIdIn, hashOf } from '../route.ts'
import { words } from '../words.ts'
import '../part/waiting.ts'

export class BtFarPage extends LitElement {
  static override properties = {
    model: { attribute: false },
    actions: { attribute: false },
    hash: {},
    view: { state: true },
    problem: { state: true },
  }
  declare model: Model
  declare actions: Actions
  declare hash: string
  /** null until it is there. */
  declare view: FarView | null
  declare problem: string
  /** What is looked at now, and whether it is to be looked at again. */
  #looking = ''
  #isStale = false

  static override styles = [
    shared,
    pageStyle,
    sectionStyle,
    css`
      ul {
        inline-size: 100%;
      }
      li {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: 0 var(--space-2);
        align-items: center;
        border-block-end: 1px solid var(--line);
      }
      .entry {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: var(--space-2);
        align-items: center;
        justify-items: start;
        inline-size: 100%;
        text-align: start;
      }
      .entry bdi,
      nav {
        overflow-wrap: anywhere;
      }
      nav {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--space-2);
        align-items: center;
      }
    `,
  ]

  constructor() {
    super()
    this.view = null
    this.problem = ''
  }

  override willUpdate(changed: PropertyValues<this>): void {
    const id = farIdIn(this.hash)
    const before = changed.get('model')
    if (changed.has('hash') && id !== this.view?.item.id) {
      this.view = null
      this.problem = ''
    }
    const isNews = before !== undefined && before.farCount !== this.model.farCount
    if (changed.has('hash') || isNews) void this.#look(id)
  }

  override render() {
    const { view, problem } = this
    const back = html`<a class="button" href=${hashOf('/', this.hash)}>${words.far.back}</a>`
    if (problem !== '')
      return html`<div class="page">
        <h1>${words.far.title}</h1>
        ${problemLine(problem)}
        <div class="row">
          <button class="loud" @click=${() => this.#look(farIdIn(this.hash))}>${words.again}</button>${back}
        </div>
      </div>`
    if (view === null)
      return html`<div class="page">
        <h1>${words.far.title}</h1>
        <bt-waiting .cause=${words.far.looking}></bt-waiting>
        <div class="row">${back}</div>
      </div>`
    const { item, path, children } = view
    return html`<div class="page">
      <h1><bdi>${item.name}</bdi></h1>
      <p class="quiet">${words.far.help}</p>
      ${
        path.length < 2
          ? nothing
          : html`<nav aria-label=${words.far.path}>
              ${path.slice(0, -1).map(
                ({ id, name }) =>
                  html`<a href=${farHash(id, this.hash)}><bdi>${name}</bdi></a
                    >${icon('chevron')}`,
              )}
            </nav>`
      }
      ${this.#entries(item.kind === 'file' ? [item] : children)}
      <div class="row">${path.length < 2 ? nothing : this.#link(item)}${back}</div>
    </div>`
  }

  /** Straight to what is looked at; to the folder that is shared itself there is one. */
  #link(item: Item) {
    return html`<button @click=${() => this.actions.link(item, this.model.tree!.rootId)}>
      ${icon('link')}<bdi>${words.far.link(item.name)}</bdi>
    </button>`
  }

  #entries(items: readonly Item[]) {
    if (items.length === 0) return html`<p class="card">${words.far.empty}</p>`
    return html`<ul role="list">
      ${items.toSorted(compareItems).map((item) => html`<li>${this.#entry(item)}</li>`)}
    </ul>`
  }

  #entry(item: Item) {
    const name = html`${icon(item.kind)}<bdi>${item.name}</bdi>`
    if (item.kind !== 'file')
      return html`<button class="plain entry" @click=${() => this.#goIn(item)}>${name}${icon('chevron')}</button>`
    return html`<button class="plain entry" @click=${() => this.actions.open(item)}>
        ${name}<span class="small quiet number">${formatSize(item.sizeBytes)}</span>
      </button>
      <button
        class="plain only-icon"
        title=${words.item.download}
        aria-label=${words.far.download(item.name)}
        @click=${() => this.actions.download(item.id)}
      >
        ${icon('download')}
      </button>`
  }

  /** By a link there the way may lead on, or back into the own tree. */
  async #goIn({ id, kind }: Item): Promise<void> {
    try {
      const targetId = kind === 'link' ? await this.actions.api.followLink(id) : id
      const own = this.model.items.get(targetId)
      if (own) this.dispatchEvent(new GroundEvent(own.kind === 'folder' ? own.id : own.parentId!))
      location.hash = own ? hashOf('/', this.hash) : farHash(targetId, this.hash)
    } catch (error) {
      this.actions.notices.problem(sentenceOf(error))
    }
  }

  async #look(id: string): Promise<void> {
    if (this.#looking === id) {
      this.#isStale = true
      return
    }
    this.#looking = id
    let [view, problem]: [FarView | null, string] = [null, '']
    do {
      this.#isStale = false
      try {
        view = await this.actions.api.lookFar(id)
        problem = ''
      } catch (error) {
        view = null
        problem = sentenceOf(error)
      }
    } while (this.#isStale && this.#looking === id)
    if (this.#looking !== id) return
    this.#looking = ''
    this.view = view
    this.problem = problem
  }
}
customElements.define('bt-far-page', BtFarPage)
