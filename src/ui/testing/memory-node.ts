/**
 * A node that keeps its tree in memory, for tests of the page alone. It has the manners of the real one (events, jobs,
 * cancellation, typed refusals) and none of its secrets.
 * @module
 */
import { BlocktreeError, CancelledError, toBase64url } from '../../core/bytes/bytes.ts'
import type {
  ArchiveSummary,
  Audit,
  DeviceChoice,
  DeviceLine,
  Edit,
  Extension,
  FarView,
  InterruptedUpload,
  Inviting,
  Item,
  ItemKind,
  Job,
  JobKind,
  Joining,
  NodeApi,
  NodeEvent,
  PasskeyAssertion,
  PasskeyCreation,
  Quarantined,
  RemovalPreview,
  ResealingPreview,
  TakeOverChallenge,
  TreeStatus,
} from '../../node/api.ts'

export const cardWords = 'abandon ability able about above absent absorb abstract absurd abuse access accident'.split(
  ' ',
)
export const askedPositions = [1, 4, 10]
const dayMs = 86_400_000

export class MemoryNode implements NodeApi {
  items = new Map<string, Item>()
  jobs = new Map<string, Job>()
  interrupted: readonly InterruptedUpload[] = []
  tree: TreeStatus = {
    treeId: '9f31 c04a 77be 01d2 5a6e 88f0 13c7 e4b9 2d60 fa15 c3e8 704b 96a1 5fd3 b82e 0c47',
    rootId: 'root',
    isPlanted: false,
    ownerName: '',
    deviceName: 'This browser',
    principal: '0c47 b82e 5fd3 96a1 704b c3e8 fa15 2d60 e4b9 13c7 88f0 5a6e 01d2 77be c04a 9f31',
    root: null,
    hybridCount: 0,
    deviceCount: 1,
    guestCount: 0,
    expiring: null,
    standingTime: null,
    waiting: null,
    quarantinedCount: 0,
    removed: null,
    aside: null,
    limited: null,
    decider: {
      quorum: 'here',
      generation: 1,
      deviceName: 'This browser',
      principal: '',
      lastSeenAtMs: 0,
      appointed: null,
    },
  }
  /** A job's pace; 0 finishes at once. */
  stepMs = 0
  /** The next mutation is refused with this. */
  refusal: BlocktreeError | null = null
  passkey: PasskeyCreation | null = null
  inviting: Inviting | null = null
  joining: Joining | null = null
  /** What the other device shows, on either side. */
  digits = '4821'
  /** Links into other trees, which a removed device can go on to follow. */
  farLinkNames: readonly string[] = []
  otherDevices: readonly DeviceLine[] = []
  /** Of this device. */
  role: DeviceLine['role'] = 'voter'
  quarantined: readonly Quarantined[] = []
  holdQuotaBytes: number | null = null
  isVoter = true
  nowMs: () => number = () => Date.now()
  readonly #observers = new Set<(event: NodeEvent) => void>()
  readonly #cancelled = new Set<string>()
  #lastId = 0
  /** Of links. */
  readonly #targets = new Map<string, string>()

  constructor() {
    this.items.set('root', this.#item('root', null, 'folder', '', 0))
  }

  async watch(observer: (event: NodeEvent) => void): Promise<string> {
    this.#observers.add(observer)
    const { tree, inviting, joining } = this
    const [items, jobs] = [[...this.items.values()], [...this.jobs.values()]]
    observer({ kind: 'snapshot', tree, items, jobs, inviting, joining })
    return 'watch'
  }
  async unwatch(): Promise<void> {
    this.#observers.clear()
  }
  stop(code: string, message: string): void {
    this.#tell({ kind: 'stopped', code, message })
  }

  /** Grows a tree from `photos/may/sea.jpg` lines; a line that ends in a slash is a folder. */
  grow(lines: readonly string[], sizeBytes = 48_213): void {
    for (const line of lines) {
      let parentId = 'root'
      const names = line.split('/')
      names.forEach((name, depth) => {
        if (name === '') return
        const kind = depth < names.length - 1 ? 'folder' : 'file'
        const there = [...this.items.values()].find((item) => item.parentId === parentId && item.name === name)
        const item = there ?? this.#item(`id${++this.#lastId}`, parentId, kind, name, kind === 'file' ? sizeBytes : 0)
        this.items.set(item.id, item)
        parentId = item.id
      })
    }
  }

  async createFolder(_requestId: string, parentId: string, name: string): Promise<string> {
    this.#maybeRefuse()
    this.#demandFree(parentId, name)
    return this.#put(this.#item(`id${++this.#lastId}`, parentId, 'folder', name, 0))
  }
  async addFile(requestId: string, parentId: string, name: string, content: Blob): Promise<string> {
    this.#maybeRefuse()
    await this.#job(requestId, 'add', name, content.size)
    return this.#put(this.#item(`id${++this.#lastId}`, parentId, 'file', name, content.size))
  }
  async interruptedUploads(): Promise<readonly InterruptedUpload[]> {
    return this.interrupted
  }
  async forgetUpload(id: string): Promise<void> {
    this.interrupted = this.interrupted.filter((upload) => upload.id !== id)
  }
  async addLink(_requestId: string, parentId: string, name: string, targetId: string): Promise<string> {
    this.#maybeRefuse()
    const id = this.#put(this.#item(`id${++this.#lastId}`, parentId, 'link', name, 0))
    this.#targets.set(id, targetId)
    return id
  }
  async followLink(id: string): Promise<string> {
    const targetId = this.#targets.get(id) ?? ''
    if (this.items.get(targetId)?.trashedAtMs === null) return targetId
    throw new BlocktreeError('linkDangling', 'What this link leads to is not there any more.')
  }
  async lookFar(): Promise<FarView> {
    throw new BlocktreeError('linkAway', 'There is no other tree here.')
  }
  async writeFile(_requestId: string, id: string, content: Blob): Promise<void> {
    this.#change(id, { sizeBytes: content.size, modifiedAtMs: this.nowMs() })
  }
  async editFile(_requestId: string, id: string, _edits: readonly Edit[], sizeBytes?: number): Promise<void> {
    this.#change(id, { modifiedAtMs: this.nowMs(), ...(sizeBytes === undefined ? {} : { sizeBytes }) })
  }
  async rename(_requestId: string, id: string, name: string): Promise<void> {
    this.#maybeRefuse()
    this.#demandFree(this.items.get(id)?.parentId ?? '', name)
    this.#change(id, { name })
  }
  async move(_requestId: string, id: string, targetFolderId: string): Promise<void> {
    this.#maybeRefuse()
    this.#change(id, { parentId: targetFolderId })
  }
  async trash(_requestId: string, id: string): Promise<void> {
    this.#maybeRefuse()
    this.#change(id, { trashedAtMs: this.nowMs() })
  }
  async restore(_requestId: string, id: string): Promise<void> {
    this.#maybeRefuse()
    this.#change(id, { trashedAtMs: null })
  }
  async purge(_requestId: string, id: string | null): Promise<void> {
    this.#maybeRefuse()
    const removedIds = [...this.items.values()]
      .filter((item) => (id === null ? item.trashedAtMs !== null : item.id === id))
      .map((item) => item.id)
    for (const removedId of removedIds) this.items.delete(removedId)
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds })
  }
  async cancel(requestId: string): Promise<void> {
    this.#cancelled.add(requestId)
  }

  async quarantine(): Promise<readonly Quarantined[]> {
    return this.quarantined
  }
  async retryQuarantined(id: string): Promise<void> {
    this.#maybeRefuse()
    await this.discardQuarantined(id)
  }
  async discardQuarantined(id: string): Promise<void> {
    this.quarantined = this.quarantined.filter((one) => one.id !== id)
    this.tree = { ...this.tree, quarantinedCount: this.quarantined.length }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async openContent(): Promise<never> {
    throw new BlocktreeError('notHere', 'Contents are not kept by this node.')
  }
  async nextChunk(): Promise<null> {
    return null
  }
  async closeContent(): Promise<void> {}

  async readersOf(id: string) {
    const since = { sinceMs: this.nowMs() }
    const line = {
      who: this.tree.deviceName,
      principal: this.tree.principal,
      through: '',
      ...since,
    }
    return this.items.has(id) ? [line] : []
  }
  async audit(): Promise<Audit> {
    const { deviceName: name, principal } = this.tree
    const own = { name, principal }
    const sinceMs = this.nowMs() - 40 * dayMs
    const whole = { folderName: null, mayWrite: true, sinceMs, isRemoved: false }
    return {
      grants: [
        { ...whole, device: null, untilMs: null },
        { ...whole, device: own, untilMs: sinceMs + 400 * dayMs },
      ],
      events: [{ kind: 'planted', atMs: sinceMs, device: own }],
    }
  }
  async storage() {
    const of = (trashed: boolean) =>
      [...this.items.values()]
        .filter((item) => (item.trashedAtMs !== null) === trashed)
        .reduce((sum, item) => sum + item.sizeBytes, 0)
    const fileCount = [...this.items.values()].filter((item) => item.kind === 'file').length
    const [treeBytes, trashBytes] = [of(false), of(true)]
    const stateRoot = '5a6e88f013c7e4b92d60fa15c3e8704b96a15fd3b82e0c479f31c04a77be01d2'
    const usedBytes = treeBytes + trashBytes + 310_000
    const { holdQuotaBytes, isVoter } = this
    const heldBytes = Math.min(treeBytes, isVoter ? Infinity : (holdQuotaBytes ?? Infinity))
    const held = { heldBytes, holdQuotaBytes, isVoter }
    return { usedBytes, quotaBytes: 12e9, treeBytes, trashBytes, fileCount, stateRoot, attested: null, ...held }
  }
  async setHoldQuota(quotaBytes: number | null): Promise<void> {
    this.holdQuotaBytes = quotaBytes
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async useHybrid(): Promise<void> {
    this.tree = { ...this.tree, hybridCount: this.tree.deviceCount }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async previewResealing(): Promise<ResealingPreview> {
    const files = [...this.items.values()].filter(({ kind }) => kind === 'file')
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
    const isWanted = this.jobs.has('reseal')
    const counts = { fileCount: files.length, objectCount: 2 * files.length, awayCount: 0 }
    return { ...counts, sizeBytes, seconds: sizeBytes / 2_500_000, isWanted }
  }
  async reseal(): Promise<void> {
    this.#maybeRefuse()
    void this.#job('reseal', 'reseal', '', 5_000_000)
  }

  async aside() {
    const { fileCount } = this.tree.aside ?? { fileCount: 0 }
    return Array.from({ length: fileCount }, (_, at) => ({
      id: `aside-${at}`,
      name: `photo ${at + 1}.jpg`,
      sizeBytes: 48_213,
    }))
  }
  async bringAside(requestId: string): Promise<void> {
    this.#maybeRefuse()
    await this.#job(requestId, 'plant', '', 5_000_000)
    await this.dropAside()
  }
  async dropAside(): Promise<void> {
    this.tree = { ...this.tree, aside: null }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async previewRemoval(principal: string): Promise<RemovalPreview> {
    const files = [...this.items.values()].filter(({ kind }) => kind === 'file')
    const folderCount = this.items.size - files.length - 1
    const { grants } = await this.audit()
    return {
      atOnce: { folderCount: 1, fileCount: 0 },
      later: { folderCount, fileCount: files.length },
      readable: {
        folderCount,
        fileCount: files.length,
        sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      },
      lastSeenAtMs: this.otherDevices.find((device) => device.principal === principal)?.lastSeenAtMs ?? null,
      readers: grants,
      farLinkNames: this.farLinkNames,
    }
  }
  async removeDevice(_requestId: string, principal: string): Promise<void> {
    this.#maybeRefuse()
    this.otherDevices = this.otherDevices.filter((device) => device.principal !== principal)
    const removed = principal === this.tree.principal ? { by: null } : null
    this.tree = { ...this.tree, ...this.#counts, removed }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async plantingSalt(): Promise<Uint8Array> {
    return new Uint8Array(32)
  }
  async beginPlanting(ownerName: string, deviceName: string, passkey: PasskeyCreation | null) {
    this.#maybeRefuse()
    this.tree = { ...this.tree, ownerName, deviceName }
    this.passkey = passkey
    return { plantingId: `planting${++this.#lastId}`, words: cardWords, askedPositions }
  }
  async confirmCard(_plantingId: string, words: readonly string[]) {
    if (askedPositions.some((position, index) => words[index] !== cardWords[position]))
      throw new BlocktreeError('cardMismatch', 'One of these words is not the one on the card. Look again.')
    const { passkey } = this
    return this.#challenge(passkey)
  }
  async finishPlanting(requestId: string): Promise<void> {
    this.#maybeRefuse()
    await this.#job(requestId, 'plant', '', 5_000_000)
    const root = {
      passkeys: this.passkey ? [this.#lineOf(this.passkey)] : [],
      cardSinceMs: this.nowMs(),
      pending: null,
    }
    this.tree = { ...this.tree, isPlanted: true, root }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }
  async abandonPlanting(): Promise<void> {}

  async beginExport(requestId: string): Promise<string> {
    await this.#job(requestId, 'export', '', 1_000_000)
    return 'export1'
  }
  async inspectArchive(archive: Blob): Promise<ArchiveSummary> {
    if (!(await archive.slice(0, 2).text()).startsWith('bt'))
      throw new BlocktreeError(
        'archiveInvalid',
        'This file is not an archive of Blocktree. Choose one that ends in .bt.',
      )
    const { treeId } = this.tree
    return { treeId, exportedAtMs: this.nowMs(), sizeBytes: 5_000_000 }
  }
  async recover(
    requestId: string,
    archive: Blob,
    words: readonly string[],
    deviceName: string,
    takesUnattested = false,
  ): Promise<readonly string[]> {
    if (words.join(' ') !== cardWords.join(' '))
      throw new BlocktreeError('cardMismatch', 'These words do not open this archive. Compare them with the card.')
    if (!takesUnattested && (await archive.text()).includes('unattested'))
      throw new BlocktreeError('archiveUnattested', 'Not all of this archive was signed by the devices that decided.')
    await this.#job(requestId, 'import', '', 5_000_000)
    this.tree = { ...this.tree, isPlanted: true, ownerName: 'Ada', deviceName }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
    return takesUnattested ? [] : ['Old laptop']
  }

  async invite(): Promise<void> {
    this.#maybeRefuse()
    this.tellInviting({ stage: 'code', code: 'h2ludml0YXRpb24B'.repeat(12), expiresAtMs: this.nowMs() + 120_000 })
  }
  /** A device has read the code that is shown. */
  scanned(deviceName: string): void {
    this.tellInviting({ stage: 'digits', deviceName, principal: this.tree.principal })
  }
  async typeDigits(digits: string): Promise<void> {
    const { inviting } = this
    if (inviting?.stage !== 'digits') return
    if (digits !== this.digits)
      return this.tellInviting({
        stage: 'ended',
        code: 'joinDigitsWrong',
        message: 'These were not the digits that the other device shows. Nothing was given away.',
      })
    this.tellInviting({
      ...inviting,
      stage: 'approval',
      isLink: false,
      limited: null,
      readable: { folderCount: 0, fileCount: 0, sizeBytes: 0 },
      expiresAtMs: this.nowMs() + 400 * dayMs,
      ...this.#challenge(),
    })
  }
  async approve(answer: PasskeyAssertion | readonly string[] | null): Promise<void> {
    this.#maybeRefuse()
    const { inviting } = this
    if (inviting?.stage !== 'approval') return
    if (answer === null)
      return this.tellInviting({ stage: 'ended', code: 'joinDenied', message: 'The device was not let in.' })
    if (Array.isArray(answer) && answer.join(' ') !== cardWords.join(' '))
      throw new BlocktreeError('cardMismatch', 'These are not the words of this tree’s card. Compare them with it.')
    const { deviceName, principal, limited } = inviting
    this.tellInviting({ stage: 'admitting', deviceName })
    const nowMs = this.nowMs()
    const line = { principal, name: deviceName, isThis: false, role: 'learner', path: 'direct' } as const
    const { expiresAtMs } = inviting
    const device = {
      ...line,
      lastSeenAtMs: nowMs,
      admittedAtMs: nowMs,
      expiresAtMs,
      heldBytes: 0,
      limited,
      report: null,
    }
    this.otherDevices = [...this.otherDevices, device]
    this.tree = { ...this.tree, ...this.#counts }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
    this.tellInviting({ stage: 'admitted', deviceName, isLimited: limited !== null })
  }
  get #counts() {
    const guestCount = this.otherDevices.filter(({ limited }) => limited !== null).length
    return { deviceCount: 1 + this.otherDevices.length - guestCount, guestCount }
  }
  isNotGivenTold = false
  async approvalNotGiven(): Promise<void> {
    this.isNotGivenTold = true
  }
  async choose(choice: DeviceChoice): Promise<void> {
    this.#maybeRefuse()
    const { inviting } = this
    if (inviting?.stage !== 'approval') return
    if (choice.kind === 'own')
      return this.tellInviting({ ...inviting, limited: null, expiresAtMs: this.nowMs() + 400 * dayMs })
    const { folderId, mayWrite, expiresAtMs } = choice
    const isNewFolder = folderId === null
    const folderName = isNewFolder ? inviting.deviceName : (this.items.get(folderId)?.name ?? '')
    this.tellInviting({ ...inviting, expiresAtMs, limited: { folderName, isNewFolder, mayWrite, expiresAtMs } })
  }
  async beginExtension(): Promise<TakeOverChallenge> {
    this.#maybeRefuse()
    return this.#challenge()
  }
  async finishExtension(_requestId: string, extensions: readonly Extension[]): Promise<void> {
    this.#maybeRefuse()
    this.otherDevices = this.otherDevices.map((line) => {
      const extension = extensions.find(({ principal }) => principal === line.principal)
      if (extension === undefined) return line
      const { expiresAtMs } = extension
      return { ...line, expiresAtMs, limited: line.limited && { ...line.limited, expiresAtMs } }
    })
  }
  async endInviting(): Promise<void> {
    this.tellInviting(null)
  }
  async join(code: string, deviceName: string): Promise<void> {
    this.#maybeRefuse()
    if (code.length < 16)
      throw new BlocktreeError('invitationDamaged', 'This code is no invitation to a tree, or not all of it was read.')
    this.tree = { ...this.tree, deviceName }
    this.tellJoining({ stage: 'connecting' })
  }
  async confirmJoining(): Promise<void> {
    this.tellJoining({ stage: 'digits', digits: this.digits, asked: null })
  }
  async endJoining(): Promise<void> {
    const isFetching = this.joining?.stage === 'fetching'
    this.tellJoining(isFetching ? { stage: 'ended', code: 'joinStopped', message: 'You stopped waiting.' } : null)
  }
  async beginPasskey(passkey: PasskeyCreation): Promise<TakeOverChallenge> {
    this.#maybeRefuse()
    this.#added = passkey
    return this.#challenge()
  }
  async finishPasskey(_requestId: string, answer: PasskeyAssertion | readonly string[]): Promise<void> {
    this.#maybeRefuse()
    const line = this.#lineOf(this.#added!)
    const passkeys = this.tree.root?.passkeys ?? []
    if (Array.isArray(answer)) return this.#tellRoot({ passkeys: [...passkeys, line], pending: null })
    this.#tellRoot({ pending: { ...line, countsAtMs: this.nowMs() + 3 * dayMs } })
  }
  async abandonPasskey(): Promise<void> {
    this.#added = null
  }
  async confirmClock(): Promise<void> {
    this.#maybeRefuse()
    this.tree = { ...this.tree, standingTime: null }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }
  async vetoPasskey(): Promise<void> {
    this.#maybeRefuse()
    this.#tellRoot({ pending: null })
  }
  async removePasskey(_requestId: string, id: string, words: readonly string[]): Promise<void> {
    if (words.join(' ') !== cardWords.join(' '))
      throw new BlocktreeError('cardForeign', 'These words are a valid card, but of another tree.')
    this.#tellRoot({ passkeys: this.tree.root!.passkeys.filter((passkey) => passkey.id !== id), pending: null })
  }
  #added: PasskeyCreation | null = null
  async drawCard() {
    this.#maybeRefuse()
    return { words: cardWords, askedPositions }
  }
  async checkCard(words: readonly string[]): Promise<void> {
    await this.confirmCard('', words)
  }
  async finishCard(): Promise<void> {
    this.#maybeRefuse()
    this.#tellRoot({ cardSinceMs: this.nowMs(), pending: null })
  }
  async abandonCard(): Promise<void> {
    this.isCardAbandoned = true
  }
  isCardAbandoned = false
  #tellRoot(changed: Partial<NonNullable<TreeStatus['root']>>): void {
    this.tree = { ...this.tree, root: { passkeys: [], cardSinceMs: 0, pending: null, ...this.tree.root, ...changed } }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }
  #lineOf({ credentialId, isSynced }: PasskeyCreation) {
    return { id: toBase64url(credentialId), isSynced, addedAtMs: this.nowMs(), prfSalt: null }
  }
  #challenge(passkey = this.passkey): TakeOverChallenge {
    return { challenge: passkey && new Uint8Array(32), credentialIds: passkey ? [passkey.credentialId] : [] }
  }

  async beginTakeOver(): Promise<TakeOverChallenge> {
    this.#demandAway()
    return this.#challenge()
  }
  async finishTakeOver(_requestId: string, _answer: PasskeyAssertion | readonly string[]): Promise<void> {
    this.#maybeRefuse()
    this.#demandAway()
    const { decider, deviceName, principal } = this.tree
    const generation = decider.generation + 1
    this.tree = {
      ...this.tree,
      decider: { quorum: 'here', generation, deviceName, principal, lastSeenAtMs: this.nowMs(), appointed: null },
    }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }
  async handOver(_principal: string | null): Promise<void> {
    this.#maybeRefuse()
  }
  /** Whoever is there decides at once; one that is away is waited for. */
  async appoint(_requestId: string, principals: readonly string[]): Promise<void> {
    this.#maybeRefuse()
    const appointed = principals.length === 0 ? null : principals
    const isAwaited = this.otherDevices.some((line) => principals.includes(line.principal) && line.path === 'away')
    if (!isAwaited && appointed !== null) {
      const roleOf = (principal: string): DeviceLine['role'] => (appointed.includes(principal) ? 'voter' : 'learner')
      this.role = roleOf(this.tree.principal)
      this.otherDevices = this.otherDevices.map((line) => ({ ...line, role: roleOf(line.principal) }))
    }
    this.tree = { ...this.tree, decider: { ...this.tree.decider, appointed } }
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [], removedIds: [] })
  }

  async devices(): Promise<readonly DeviceLine[]> {
    const { principal, deviceName: name } = this.tree
    const admittedAtMs = this.nowMs() - 40 * dayMs
    const line = { principal, name, isThis: true, role: this.role, path: 'this', lastSeenAtMs: null } as const
    return [
      {
        ...line,
        admittedAtMs,
        expiresAtMs: admittedAtMs + 400 * dayMs,
        heldBytes: 48_213,
        limited: null,
        report: null,
      },
      ...this.otherDevices,
    ]
  }
  tellInviting(inviting: Inviting | null): void {
    this.inviting = inviting
    this.#tell({ kind: 'inviting', inviting })
  }
  tellJoining(joining: Joining | null): void {
    this.joining = joining
    this.#tell({ kind: 'joining', joining })
  }

  /** A job that goes on until it is ended or cancelled from outside. */
  showJob(job: Job): void {
    this.jobs.set(job.id, job)
    this.#tell({ kind: 'job', job })
  }

  async #job(id: string, kind: JobKind, title: string, total: number): Promise<void> {
    try {
      for (let part = 0; part <= 10; part++) {
        if (this.#cancelled.has(id)) throw new CancelledError()
        this.showJob({ id, kind, title, unit: 'bytes', done: (total * part) / 10, total, perSecond: 2_500_000 })
        await new Promise((resolve) => setTimeout(resolve, this.stepMs))
      }
    } finally {
      this.jobs.delete(id)
      this.#tell({ kind: 'jobEnded', id })
    }
  }
  #item(id: string, parentId: string | null, kind: ItemKind, name: string, sizeBytes: number): Item {
    const nowMs = this.nowMs()
    return {
      id,
      parentId,
      kind,
      name,
      sizeBytes,
      createdAtMs: nowMs,
      modifiedAtMs: nowMs,
      trashedAtMs: null,
      copyCount: 1,
      isWaiting: false,
    }
  }
  #put(item: Item): string {
    this.items.set(item.id, item)
    this.#tell({ kind: 'changed', tree: this.tree, upserted: [item], removedIds: [] })
    return item.id
  }
  #change(id: string, more: Partial<Item>): void {
    const item = this.items.get(id)
    if (!item) throw new BlocktreeError('notFound', 'This is no longer in the tree.')
    this.#put({ ...item, ...more })
  }
  #demandFree(parentId: string, name: string): void {
    if (
      [...this.items.values()].some(
        (item) => item.parentId === parentId && item.name === name && item.trashedAtMs === null,
      )
    )
      throw new BlocktreeError(
        'nameTaken',
        `There is already something called ${name} in this folder. Choose another name.`,
      )
  }
  #demandAway(): void {
    if (this.tree.decider.quorum !== 'away')
      throw new BlocktreeError('takeOverNeedless', 'The device that decides about this tree is there.')
  }
  #maybeRefuse(): void {
    const { refusal } = this
    this.refusal = null
    if (refusal) throw refusal
  }
  #tell(event: NodeEvent): void {
    for (const observer of this.#observers) observer(event)
  }
}
