/**
 * The page's frame: which view, what the node says, what is going on.
 *
 * `main.ts` sets `node` and `passkey` and puts the element into the document; everything else follows from them.
 * @module
 */
import './tokens.css'
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { Actions } from './actions.ts'
import type { Entry } from './entries.ts'
import type { ActionsEvent, AddEvent, GroundEvent } from './events.ts'
import { type Model, apply, emptyModel, isPlaced } from './model.ts'
import { Notices } from './notices.ts'
import { type IconName, icon } from './part/icon.ts'
import { Intake, type IntakeHost, isTyping } from './part/intake.ts'
import { Room } from './part/room.ts'
import { shared } from './part/shared.ts'
import type { NodeState, PasskeyPort, UiNode } from './ports.ts'
import { type Route, hashOf, routeOf } from './route.ts'
import { shellStyle } from './shell.css.ts'
import { words } from './words.ts'
import './page/add-sheet.ts'
import './page/item-sheet.ts'
import './page/plant-page.ts'
import './page/recover-page.ts'
import './page/storage-page.ts'
import './page/trash-page.ts'
import './page/tree-page.ts'
import './part/jobs.ts'
import './part/notices.ts'
import './part/waiting.ts'

const railFromRem = 56
const places: readonly (readonly [Route, IconName])[] = [
  ['/', 'tree'],
  ['/trash', 'trash'],
  ['/storage', 'storage'],
]

export class BtShell extends LitElement implements IntakeHost {
  static override properties = {
    node: { attribute: false },
    passkey: { attribute: false },
    model: { state: true },
    state: { state: true },
    sentence: { state: true },
    route: { state: true },
    chosenGroundId: { state: true },
    sheetItemId: { state: true },
    addFolderId: { state: true },
    installPrompt: { state: true },
    useNewVersion: { state: true },
  }
  declare node: UiNode
  declare passkey: PasskeyPort
  declare model: Model
  declare state: NodeState
  declare sentence: string
  declare route: Route
  /** Empty: the root. */
  declare chosenGroundId: string
  declare sheetItemId: string
  declare addFolderId: string
  declare installPrompt: (() => Promise<void>) | null
  declare useNewVersion: (() => void) | null

  #actions: Actions | undefined
  readonly #notices = new Notices()
  readonly #room = new Room(this)
  readonly #intake = new Intake(this)
  #leave: (() => void)[] = []

  static override styles = [shared, shellStyle]

  constructor() {
    super()
    this.model = emptyModel
    this.state = 'starting'
    this.sentence = ''
    this.route = routeOf(location.hash)
    this.chosenGroundId = ''
    this.sheetItemId = ''
    this.addFolderId = ''
    this.installPrompt = null
    this.useNewVersion = null
  }

  /** The browser offers to install the page. @param prompt shows the browser's own question */
  offerInstall(prompt: () => Promise<void>): void {
    this.installPrompt = prompt
  }
  /** A newer version waits. @param use switches to it */
  offerUpdate(use: () => void): void {
    this.useNewVersion = use
  }

  override connectedCallback(): void {
    super.connectedCallback()
    const listen = <K extends keyof WindowEventMap>(type: K, heard: (event: WindowEventMap[K]) => void) => {
      window.addEventListener(type, heard)
      this.#leave.push(() => window.removeEventListener(type, heard))
    }
    listen('hashchange', () => this.#go(routeOf(location.hash)))
    listen('keydown', (event) => this.#pressed(event))
  }
  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#leave.forEach((leave) => leave())
    this.#leave = []
    this.#actions = undefined
  }

  override willUpdate(): void {
    if (this.#actions || !this.node) return
    const { node } = this
    this.#actions = new Actions(node.api, () => this.model, this.#notices)
    this.#leave.push(
      node.watch((event) => (this.model = apply(this.model, event))),
      node.onState((state, sentence) => {
        this.state = state
        this.sentence = sentence
      }),
    )
  }

  override render() {
    const isWide = this.#room.widthRem >= railFromRem
    return html`<div
      class="frame ${isWide ? 'with-rail' : 'with-bar'}"
      @bt-ground=${(event: GroundEvent) => this.#stand(event.id)}
      @bt-actions=${(event: ActionsEvent) => (this.sheetItemId = event.id)}
      @bt-add=${(event: AddEvent) => (this.addFolderId = event.id)}
    >
      <header>
        <a class="brand" href=${this.#href('/')} aria-label=${words.product}>${logo}<span>${words.product}</span></a>
        ${this.#status()}
      </header>
      ${this.#nav()}
      <main id="main" tabindex=${this.route === '/' && this.model.tree ? -1 : 0}>
        ${this.#offers()} ${this.#page()}
      </main>
      ${this.#actions ? this.#overlays(this.#actions) : nothing}
    </div>`
  }

  #nav() {
    return html`<nav aria-label=${words.nav.label}>
      ${places.map(
        ([route, name]) =>
          html`<a href=${this.#href(route)} aria-current=${this.route === route ? 'page' : nothing}>
            ${icon(name)}<span>${words.nav[route]}</span>
          </a>`,
      )}
    </nav>`
  }

  #status() {
    if (this.state === 'failed') return nothing
    if (this.state !== 'here' && this.state !== 'elsewhere')
      return html`<p class="status" role="status">${this.sentence || words.state[this.state]}</p>`
    const count = this.model.tree?.deviceCount
    if (count === undefined || this.model.stopped) return nothing
    const text = count > 1 ? words.copies.savedOn(count) : words.copies.saved
    return html`<p class="status ${count > 1 ? '' : 'alone'}" role="status" title=${words.state[this.state]}>
      <span class="dot"></span><span>${text}</span>
    </p>`
  }

  #offers() {
    const offer = (text: string, button: string, act: () => void, name: IconName) =>
      html`<aside class="offer">
        ${icon(name)}
        <p>${text}</p>
        <button @click=${act}>${button}</button>
      </aside>`
    const isUnplanted = this.model.tree?.planted === false
    return [
      this.useNewVersion ? offer(words.update.text, words.update.button, this.useNewVersion, 'restore') : nothing,
      isUnplanted && this.route === '/'
        ? offer(words.plant.teaser, words.plant.start, () => (location.hash = this.#href('/plant')), 'sprout')
        : nothing,
      this.installPrompt && this.route === '/' && !isUnplanted
        ? offer(words.install.text, words.install.button, this.#install, 'download')
        : nothing,
    ]
  }

  #page() {
    const { model } = this
    if (model.stopped || this.state === 'failed') return this.#trouble(model.stopped?.message ?? this.sentence)
    if (!model.tree || !this.#actions)
      return html`<div class="centre">
        ${logo}
        <h1 class="unseen">${words.state.starting}</h1>
        <bt-waiting
          .cause=${this.state === 'moved' ? words.state.moved : words.wait.opening}
          .otherWay=${words.wait.openingLong}
        ></bt-waiting>
      </div>`
    const actions = this.#actions
    switch (this.route) {
      case '/':
        return html`<bt-tree-page .model=${model} .actions=${actions} .groundId=${this.#groundId}></bt-tree-page>`
      case '/trash':
        return html`<bt-trash-page .model=${model} .actions=${actions}></bt-trash-page>`
      case '/storage':
        return html`<bt-storage-page .model=${model} .actions=${actions} .hash=${location.hash}></bt-storage-page>`
      case '/plant':
        return html`<bt-plant-page
          .model=${model}
          .actions=${actions}
          .passkey=${this.passkey}
          .hash=${location.hash}
        ></bt-plant-page>`
      case '/recover':
        return html`<bt-recover-page .model=${model} .actions=${actions} .hash=${location.hash}></bt-recover-page>`
    }
  }

  #trouble(sentence: string) {
    return html`<div class="centre" role="alert">
      ${logo}
      <h1>${this.model.stopped ? words.stoppedTitle : words.failedTitle}</h1>
      <p>${sentence}</p>
      <button class="loud" @click=${() => location.reload()}>${words.reload}</button>
    </div>`
  }

  #overlays(actions: Actions) {
    return html`<bt-jobs .jobs=${this.model.jobs} .actions=${actions}></bt-jobs>
      <section class="overlays" aria-label=${words.notices.label}>
        <bt-notices .notices=${this.#notices}></bt-notices>
      </section>
      <bt-item-sheet
        .model=${this.model}
        .actions=${actions}
        .itemId=${this.sheetItemId}
        @bt-sheet-closed=${() => (this.sheetItemId = '')}
      ></bt-item-sheet>
      <bt-add-sheet
        .actions=${actions}
        .folderId=${this.addFolderId}
        @bt-sheet-closed=${() => (this.addFolderId = '')}
      ></bt-add-sheet>
      ${this.#intake.hoveredId ? this.#dropHint(actions.nameOf(this.#intake.hoveredId)) : nothing}`
  }

  #dropHint(name: string) {
    return html`<div class="drop">
      <p>${icon('add')}<bdi>${words.tree.dropHere(name)}</bdi></p>
    </div>`
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has('route') && changed.get('route') !== undefined) this.renderRoot.querySelector('main')?.focus()
    const name = words.nav[this.route]
    document.title = this.route === '/' ? words.product : `${name} · ${words.product}`
  }

  /** A ground that was moved to the trash, or is gone, gives way to the root. */
  get #groundId(): string {
    const rootId = this.model.tree?.rootId ?? ''
    return this.chosenGroundId && isPlaced(this.model, this.chosenGroundId) ? this.chosenGroundId : rootId
  }
  #href = (route: Route): string => hashOf(route, location.hash)
  #go(route: Route): void {
    this.route = route
    this.sheetItemId = ''
    this.addFolderId = ''
  }
  #stand(id: string): void {
    this.chosenGroundId = id
  }
  #install = (): void => {
    void this.installPrompt?.()
    this.installPrompt = null
  }

  get intakeGroundId(): string {
    return this.#actions && !this.model.stopped ? this.#groundId : ''
  }
  taken(folderId: string, entries: readonly Entry[]): void {
    void this.#actions?.add(folderId, entries)
  }
  movedHere(folderId: string, itemId: string): void {
    const item = this.model.items.get(itemId)
    if (item && itemId !== folderId) void this.#actions?.move(item, folderId)
  }
  unreadable(name: string): void {
    this.#notices.problem(words.add.unreadable(name))
  }
  #pressed(event: KeyboardEvent): void {
    if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || isTyping(event))
      return
    event.preventDefault()
    void this.#notices.undoLast()
  }
}
customElements.define('bt-shell', BtShell)

declare global {
  interface HTMLElementTagNameMap {
    'bt-shell': BtShell
  }
}

/** Three cells and a root. */
const logo = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
  <rect class="root" x="3" y="21" width="26" height="8" rx="2.6" />
  <rect x="3" y="12" width="12" height="8" rx="2.2" />
  <rect x="16" y="12" width="13" height="8" rx="2.2" />
  <rect x="16" y="3" width="7.5" height="8" rx="2.2" />
</svg>`
