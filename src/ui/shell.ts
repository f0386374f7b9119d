/**
 * The page's frame: which view, what the node says, what is going on.
 *
 * `main.ts` sets `node` and the ports, and puts the element into the document; everything else follows from them.
 * @module
 */
import './tokens.css'
import { LitElement, type PropertyValues, html, nothing } from 'lit'
import { Actions } from './actions.ts'
import type { Entry } from './entries.ts'
import type { ActionsEvent, AddEvent, GroundEvent } from './events.ts'
import { type JobsById, type Model, apply, applyToJobs, emptyModel, isPlaced, mayChange } from './model.ts'
import { ClockNews } from './clock-news.ts'
import { ExpiryNews } from './expiry-news.ts'
import { Newcomers } from './newcomers.ts'
import { PasskeyNews } from './passkey-news.ts'
import { Notices } from './notices.ts'
import { type NewVersion, offerAt } from './offers.ts'
import { viewOf } from './page/view.ts'
import { icon } from './part/icon.ts'
import { hasInHand } from './part/in-hand.ts'
import { Intake, type IntakeHost, isTyping } from './part/intake.ts'
import type { Offer } from './part/offer.ts'
import { Room } from './part/room.ts'
import { shared } from './part/shared.ts'
import type {
  FragmentsPort,
  HostFactsPort,
  NodeState,
  PasskeyPort,
  PretendPort,
  OpenStage,
  ScannerPort,
  SeenTreePort,
  ToldPort,
  UiNode,
} from './ports.ts'
import { type Route, hasPretend, hashOf, pretendHash, routeOf, takeCode, trialHash } from './route.ts'
import { type SeenTree, isInPlaceOf } from './seen-tree.ts'
import { shellStyle } from './shell.css.ts'
import { Successions } from './successions.ts'
import { words } from './words.ts'
import './page/add-sheet.ts'
import './page/item-sheet.ts'
import './part/header.ts'
import './part/jobs.ts'
import './part/nav.ts'
import './part/notices.ts'
import './part/offer.ts'
import './part/standstill.ts'

const railFromRem = 56
/** From here on a pretend phone stands beside the page, and from there on the rail on the other side. */
const phoneFromRem = 52
const railBesidePhoneFromRem = 76

export class BtShell extends LitElement implements IntakeHost {
  static override properties = {
    node: { attribute: false },
    passkey: { attribute: false },
    fragments: { attribute: false },
    scanner: { attribute: false },
    stage: { attribute: false },
    hostFacts: { attribute: false },
    seenTree: { attribute: false },
    told: { attribute: false },
    pretend: { attribute: false },
    model: { state: true },
    jobs: { state: true },
    state: { state: true },
    sentence: { state: true },
    route: { state: true },
    isPretending: { state: true },
    invitationCode: { state: true },
    chosenGroundId: { state: true },
    sheetItemId: { state: true },
    addFolderId: { state: true },
    installPrompt: { state: true },
    newVersion: { state: true },
    lost: { state: true },
  }
  declare node: UiNode
  declare passkey: PasskeyPort
  /** Fetched when it is first needed. */
  declare fragments: () => Promise<FragmentsPort>
  /** Likewise. */
  declare scanner: () => Promise<ScannerPort>
  /** Likewise. */
  declare stage: () => Promise<OpenStage>
  declare hostFacts: HostFactsPort
  declare seenTree: SeenTreePort
  declare told: ToldPort
  /** null where this page is a pretend device itself. */
  declare pretend: PretendPort | null
  declare model: Model
  declare jobs: JobsById
  declare state: NodeState
  declare sentence: string
  declare route: Route
  /** A pretend phone stands beside the page. */
  declare isPretending: boolean
  /** Of an invitation that the address had; empty where it had none. */
  declare invitationCode: string
  /** Empty: the root. */
  declare chosenGroundId: string
  declare sheetItemId: string
  declare addFolderId: string
  declare installPrompt: (() => Promise<void>) | null
  declare newVersion: NewVersion | null
  /** The tree that a browser lost, until its owner knows or another is planted. */
  declare lost: SeenTree | null

  #actions: Actions | undefined
  readonly #notices = new Notices()
  readonly #room = new Room(this)
  readonly #intake = new Intake(this)
  #leave: (() => void)[] = []
  #hasRecalled = false

  static override styles = [shared, shellStyle]

  constructor() {
    super()
    this.model = emptyModel
    this.jobs = new Map()
    this.state = 'starting'
    this.sentence = ''
    this.invitationCode = takeInvitation()
    this.route = routeOf(location.hash)
    this.isPretending = hasPretend(location.hash)
    this.pretend = null
    this.chosenGroundId = ''
    this.sheetItemId = ''
    this.addFolderId = ''
    this.installPrompt = null
    this.newVersion = null
    this.lost = null
  }

  /** The browser offers to install the page. @param prompt shows the browser's own question */
  offerInstall(prompt: () => Promise<void>): void {
    this.installPrompt = prompt
  }
  /** A newer version waits. @param use switches to it */
  offerUpdate(use: () => void): void {
    const ask = (): void => {
      this.newVersion = { state: 'coming', use }
      use()
    }
    this.newVersion = { state: 'waiting', use: ask }
  }
  /** A newer version was let in; what this page has not fetched yet of its own may be gone. @param reload loses what is in hand */
  comeAlong(reload: () => void): void {
    const isAsked = this.newVersion?.state === 'coming'
    if (isAsked || (this.route === '/' && !this.#isAtWork && !hasInHand(this.renderRoot))) return reload()
    this.newVersion = { state: 'letIn', use: reload }
  }

  /** The address names another view. */
  followAddress(): void {
    // Nothing of the view that is left would stay, and the next one may not be there any more.
    if (this.newVersion?.state === 'letIn' && !this.#isAtWork) return this.newVersion.use()
    this.invitationCode = takeInvitation()
    this.route = routeOf(location.hash)
    this.isPretending = hasPretend(location.hash)
    this.sheetItemId = ''
    this.addFolderId = ''
    // What else it says is read by the page that it is about.
    this.requestUpdate()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    const pressed = (event: KeyboardEvent): void => this.#pressed(event)
    window.addEventListener('keydown', pressed)
    this.#leave.push(() => window.removeEventListener('keydown', pressed))
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
    const newcomers = new Newcomers(node.api, this.#notices, this.told)
    const successions = new Successions(this.#notices, () => this.#visit('/devices'))
    const passkeyNews = new PasskeyNews(node.api, this.#notices)
    const clockNews = new ClockNews(node.api, this.#notices)
    const expiryNews = new ExpiryNews(this.#notices, () => this.#visit('/devices'))
    this.#leave.push(
      node.watch((event) => {
        this.model = apply(this.model, event)
        this.jobs = applyToJobs(this.jobs, event)
        const { tree } = this.model
        if (!tree) return
        // Another node may have found what the one before it left, and another page may have gone on with it.
        const { adding } = this.#actions!
        const mayBeOver = event.kind === 'jobEnded' && adding.interrupted.length > 0
        if (event.kind === 'snapshot' || mayBeOver) void adding.lookForInterrupted()
        this.#remember(tree)
        void newcomers.heard(tree, Date.now())
        successions.heard(tree)
        passkeyNews.heard(tree)
        clockNews.heard(tree)
        expiryNews.heard(tree, Date.now())
      }),
      node.onState((state, sentence) => {
        this.state = state
        this.sentence = sentence
      }),
    )
  }

  override render() {
    const { widthRem } = this.#room
    const hasPhone = this.isPretending && this.pretend !== null
    const isBeside = hasPhone && widthRem >= phoneFromRem
    const isWide = widthRem >= (isBeside ? railBesidePhoneFromRem : railFromRem)
    const phone = hasPhone ? (isBeside ? 'with-phone' : 'over-phone') : ''
    const { tree, stopped } = this.model
    const offer = this.#offer()
    return html`<div
      class="frame ${isWide ? 'with-rail' : 'with-bar'} ${phone}"
      @bt-ground=${(event: GroundEvent) => (this.chosenGroundId = event.id)}
      @bt-actions=${(event: ActionsEvent) => (this.sheetItemId = event.id)}
      @bt-add=${(event: AddEvent) => (this.addFolderId = event.id)}
    >
      <button class="skip unseen" @click=${() => this.renderRoot.querySelector('main')?.focus()}>
        ${words.nav.skip}
      </button>
      <bt-header
        .home=${hashOf('/', location.hash)}
        .state=${this.state}
        .sentence=${this.sentence}
        .tree=${stopped ? null : tree}
        .wide=${isWide}
      ></bt-header>
      <bt-nav .route=${this.route} .hash=${location.hash} .wide=${isWide}></bt-nav>
      <main id="main" tabindex=${this.route === '/' && tree ? -1 : 0}>
        ${offer ? html`<bt-offer .offer=${offer} .wide=${isWide}></bt-offer>` : nothing} ${this.#page()}
      </main>
      ${this.#actions ? this.#overlays(this.#actions) : nothing}
      ${hasPhone && tree && !stopped && this.#actions ? this.#phone(this.#actions, isBeside) : nothing}
    </div>`
  }

  #phone(actions: Actions, isBeside: boolean) {
    // No part of what the page needs to show itself.
    void import('./demo/pretend-phone.ts').catch(reportError)
    return html`<bt-pretend-phone
      .model=${this.model}
      .actions=${actions}
      .port=${this.pretend}
      .hash=${location.hash}
      .beside=${isBeside}
    ></bt-pretend-phone>`
  }

  #remember({ treeId, isPlanted }: SeenTree): void {
    if (!this.#hasRecalled) {
      const seen = this.seenTree.recall()
      this.lost = isInPlaceOf({ treeId, isPlanted }, seen) ? seen : null
      this.#hasRecalled = true
    }
    if (isPlanted) this.lost = null
    // Once the new one is remembered nothing tells of the old one any more.
    if (this.lost === null) this.seenTree.keep({ treeId, isPlanted })
  }
  #forgetLost(): void {
    this.lost = null
    if (this.model.tree) this.#remember(this.model.tree)
  }

  /** Whether the page itself is in the middle of something, or has something to say. */
  get #isAtWork(): boolean {
    const { waitingCount = 0, failed = [] } = this.#actions?.adding ?? {}
    return this.jobs.size + waitingCount + failed.length + this.#notices.list.length > 0
  }

  #offer(): Offer | null {
    const { installPrompt } = this
    return offerAt({
      route: this.route,
      isPlanted: this.model.tree?.isPlanted,
      newVersion: this.newVersion,
      lost: this.lost,
      removed: this.model.tree?.removed ?? null,
      limited: this.model.tree?.limited ?? null,
      lookAtLimits: () => this.#visit('/devices'),
      save: () => this.#visit('/storage'),
      bringBack: () => {
        this.#forgetLost()
        this.#visit('/recover')
      },
      forgetLost: () => this.#forgetLost(),
      quarantinedCount: this.model.tree?.quarantinedCount ?? 0,
      lookAtQuarantine: () => this.#visit('/quarantine'),
      aside: this.model.tree?.aside ?? null,
      lookAtAside: () => this.#visit('/storage'),
      plant: () => this.#visit('/plant'),
      join: () => this.#visit('/join'),
      deviceCount: this.model.tree?.deviceCount ?? 0,
      isPhone: /Mobi|Android|iPhone|iPad/.test(navigator.userAgent),
      addDevice: () => this.#visit('/devices'),
      isTrial: this.pretend?.isTrial === true,
      pretend: this.pretend && !this.isPretending ? () => this.#showPhone() : null,
      install: installPrompt && (() => void installPrompt().finally(() => (this.installPrompt = null))),
    })
  }

  #page() {
    const { model, jobs, state } = this
    if (model.stopped || state === 'failed')
      return html`<bt-standstill
        .heading=${model.stopped ? words.stoppedTitle : words.failedTitle}
        .problem=${model.stopped?.message ?? this.sentence}
      ></bt-standstill>`
    if (!model.tree || !this.#actions)
      return html`<bt-standstill .cause=${state === 'moved' ? words.state.moved : words.wait.opening}></bt-standstill>`
    const { passkey, fragments, scanner, stage, hostFacts, invitationCode } = this
    const ports = { passkey, fragments, scanner, stage, hostFacts }
    const groundId = this.#groundId
    return viewOf(this.route, { model, jobs, actions: this.#actions, groundId, invitationCode, ...ports })
  }

  #overlays(actions: Actions) {
    const { hoveredId } = this.#intake
    return html`<section class="notices" aria-label=${words.notices.label}>
        <bt-notices .notices=${this.#notices}></bt-notices>
      </section>
      <bt-jobs .jobs=${this.jobs} .actions=${actions}></bt-jobs>
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
      ${
        hoveredId
          ? html`<div class="drop">
              <p>${icon('add')}<bdi>${words.tree.dropHere(actions.nameOf(hoveredId))}</bdi></p>
            </div>`
          : nothing
      }`
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
  /** A tree that nobody has planted can let nobody in, so it is shown with another one. */
  #showPhone(): void {
    location.hash = this.model.tree?.isPlanted ? pretendHash(location.hash, true) : trialHash
  }
  #visit(route: Route): void {
    location.hash = hashOf(route, location.hash)
  }

  get intakeGroundId(): string {
    return this.#actions && !this.model.stopped && mayChange(this.model) ? this.#groundId : ''
  }
  taken(folderId: string, entries: readonly Entry[]): void {
    if (mayChange(this.model)) void this.#actions?.add(folderId, entries)
  }
  movedHere(folderId: string, itemId: string): void {
    const item = mayChange(this.model) ? this.model.items.get(itemId) : undefined
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

/** The code is removed from the address before anything else happens: what stands there is kept and shown by the browser. */
function takeInvitation(): string {
  const { code, rest } = takeCode(location.hash)
  if (code === null) return ''
  history.replaceState(history.state, '', rest)
  return code
}

declare global {
  interface HTMLElementTagNameMap {
    'bt-shell': BtShell
  }
}
