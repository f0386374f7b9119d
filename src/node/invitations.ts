/**
 * Letting a device in, on the device of the tree's owner: the code that is shown, what its owner is asked, and what the root signs
 * (design §10). The course over the connection: `joining.ts`.
 * @module
 */
import {
  BlocktreeError,
  type Bytes,
  RefusedError,
  accepted,
  equal,
  refusalOf,
  refused,
  toBase64url,
  wipe,
} from '../core/bytes/bytes.ts'
import { type CredentialSet, credentialSetHash, groupsOfFour, principalOf } from '../core/crypto/crypto.ts'
import { type Writecap, writecapDomain } from '../core/cap/cap.ts'
import {
  type JoinAsked,
  type JoinFrame,
  type JoinGrant,
  type JoinRequest,
  encodeInvitation,
  newInvitation,
} from '../core/message/message.ts'
import { blockIdOf, rootBlockId, samePath } from '../core/path/path.ts'
import { accessOf, chainOf, deviceDismissed, deviceOf, setInForce } from '../core/tree/tree.ts'
import type { Connection, RelayAddress } from '../port/net.ts'
import type { NodeKeys, Platform } from '../port/platform.ts'
import type { DeviceChoice, Inviting, TreeStatus } from './api.ts'
import { rootSignedWritecap } from './founding.ts'
import { limitedOnly } from './guest/guest-replica.ts'
import type { Home } from './home.ts'
import { type Inviter, type OpenInvitation, inviteOver } from './joining.ts'
import { admit } from './members.ts'
import { otherDevices } from './devices.ts'
import { type Network, type OpenNetwork, networkMissing } from './network.ts'
import type { OwnTree } from './own-tree.ts'
import { rendezvousFor } from './rendezvous.ts'
import { type RootAnswer, rootQuestion, rootWord } from './root-word.ts'
import { type Terms, type TermsSite, bodyOfTerms, makePlace, readableBy, termsOf } from './terms.ts'

const codeLifeMs = 120_000
/** Before the end of a code the next is shown, so that what a camera is just reading still serves. */
const renewedAfterMs = 100_000

export interface InvitingOptions {
  readonly platform: Platform
  readonly keys: NodeKeys
  readonly network: Network
  /** The one that is home now. */
  readonly home: () => Home
  readonly status: () => TreeStatus
  onChanged(inviting: Inviting | null): void
  readonly onFailure: (error: unknown) => void
}

/** The root's word that is waited for. */
interface Approval {
  readonly request: JoinRequest
  readonly set: CredentialSet
  readonly terms: Terms
  readonly body: Bytes
  readonly answer: (grant: JoinGrant | null) => void
  /** Whoever waits for it. */
  readonly tell: (state: JoinAsked) => void
}

export class Invitations {
  readonly #options: InvitingOptions
  #state: Inviting | null = null
  /** The code that is shown, and the one before while it holds. */
  #shown: readonly OpenInvitation[] = []
  #cancelRenewal = (): void => {}
  /** Ends the course that is under way. */
  #cancelCourse: (() => void) | null = null
  #answerDigits: ((typed: string) => void) | null = null
  #approval: Approval | null = null

  constructor(options: InvitingOptions) {
    this.#options = options
  }

  get state(): Inviting | null {
    return this.#state
  }

  /** Shows a code from here on. */
  async begin(): Promise<void> {
    const { network, status } = this.#options
    if (!status().isPlanted)
      throw new BlocktreeError('notPlanted', 'Plant the tree first: then it can have more devices.')
    if (status().removed !== null) throw new RefusedError(deviceDismissed().fault)
    if (status().limited !== null) throw limitedOnly()
    const open = await network.open()
    if (open === null) throw networkMissing()
    if (this.#state?.stage === 'admitting') throw admittingStill()
    this.end()
    network.onJoin = (connection, commitment) =>
      void this.#meet(open, connection, commitment).catch(this.#options.onFailure)
    network.isInviting = () => isOpen(this.#state)
    this.#show(open)
  }

  /** Nothing is shown any more, and whoever is joining is told so; a device that is being written into the tree is let in. */
  end(): void {
    if (this.#state?.stage === 'admitting') return
    this.#cancelRenewal()
    this.#forget()
    this.#cancelCourse?.()
    this.#cancelCourse = this.#answerDigits = this.#approval = null
    this.#become(null)
  }

  typeDigits(typed: string): void {
    const answer = this.#answerDigits
    if (answer === null) throw nothingAsked()
    this.#answerDigits = null
    answer(typed.replaceAll(/\s/g, ''))
  }

  /** The owner says what the device is to be; nothing is signed yet. */
  choose(choice: DeviceChoice): void {
    const approval = this.#approval
    if (approval === null) throw nothingAsked()
    this.#ask(approval, termsOf(choice, this.#site, approval.request))
  }

  get #site(): TermsSite {
    const { platform, home } = this.#options
    return { home: home(), platform }
  }

  /** @param answer null: the owner says no */
  async approve(answer: RootAnswer | null): Promise<void> {
    const approval = this.#approval
    if (approval === null) throw nothingAsked()
    if (answer !== null && !isFitting(approval)) throw readsAFolder()
    const grant = answer === null ? null : await this.#grant(approval, answer)
    // Whoever waited may be gone meanwhile.
    if (this.#approval !== approval) throw nothingAsked()
    this.#approval = null
    approval.answer(grant)
  }

  /** The owner was asked and gave no answer; nothing has ended. */
  notGiven(): void {
    this.#approval?.tell('notGiven')
  }

  #become(state: Inviting | null): void {
    this.#state = state
    this.#options.onChanged(state)
  }

  #show(open: OpenNetwork): void {
    const { clock, random } = this.#options.platform
    const secret = random.bytes(32)
    const nowMs = clock.nowMs()
    // The newcomer comes by the same site, so by the same relays.
    const invitation = newInvitation(open.net.transportId, secret, random.bytes(16), null)
    const expiresAtMs = nowMs + codeLifeMs
    this.#shown = [...this.#shown.filter((earlier) => earlier.expiresAtMs > nowMs), { invitation, secret, expiresAtMs }]
    this.#become({ stage: 'code', code: toBase64url(encodeInvitation(invitation)), expiresAtMs })
    this.#cancelRenewal = clock.after(renewedAfterMs, () => this.#show(open))
  }

  #forget(): void {
    for (const { secret } of this.#shown) wipe(secret)
    this.#shown = []
  }

  async #meet(
    { net: { transportId }, relays }: OpenNetwork,
    connection: Connection,
    commitment: Extract<JoinFrame, { tag: 'commit' }>['value'],
  ): Promise<void> {
    const { platform } = this.#options
    const course = { name: '' }
    const inviter = this.#inviterFor(course, relays)
    const scanned = this.#shown.find(({ invitation }) => equal(invitation.token, commitment.token)) ?? null
    if (scanned === null || scanned.expiresAtMs <= platform.clock.nowMs()) {
      // Whoever has no code that holds is sent away, and changes nothing for the one who shows another.
      const requested = new Promise<void>(() => {})
      const refusal = await inviteOver(platform, connection, transportId, commitment, scanned, inviter, { requested })
      const state = this.#state
      if (!refusal.ok && isOpen(state)) this.#become({ ...state, notice: refusal.fault.local })
      return
    }
    this.#cancelRenewal()
    this.#shown = []
    this.#become({ stage: 'scanned' })
    let cancel = (): void => {}
    const requested = new Promise<void>((resolve) => (cancel = resolve))
    this.#cancelCourse = cancel
    const meeting = inviteOver(platform, connection, transportId, commitment, scanned, inviter, { requested })
    // Whatever ends the course, another can begin after it.
    const result = await meeting.catch(refusalOf)
    wipe(scanned.secret)
    // It was ended here, and another may be under way.
    if (this.#cancelCourse !== cancel) return
    this.#cancelCourse = this.#answerDigits = this.#approval = null
    const { treeId } = this.#options.home().tree
    this.#become(
      result.ok
        ? {
            stage: 'admitted',
            deviceName: course.name,
            isLimited: !equal(result.value.fields.nameBlock, rootBlockId(treeId)),
          }
        : { stage: 'ended', code: result.fault.code, message: result.fault.local },
    )
  }

  #inviterFor(course: { name: string }, relays: readonly RelayAddress[]): Inviter {
    const { status, platform, keys } = this.#options
    const tree = (): OwnTree => this.#options.home().tree
    const { treeId } = tree()
    const { ownerName, deviceName } = status()
    let writecap: Writecap | null = null
    return {
      card: { treeId, ownerName, deviceName },
      askDigits: (request) => {
        course.name = request.deviceName
        this.#become({ stage: 'digits', deviceName: course.name, principal: fingerprintOf(request) })
        return new Promise((resolve) => (this.#answerDigits = resolve))
      },
      approve: async (request, tell) => {
        tell('pending')
        const grant = await this.#askRoot(request, tell)
        writecap = grant?.writecap ?? null
        return grant
      },
      admit: async (request, device) => {
        this.#become({ stage: 'admitting', deviceName: course.name })
        // One that lost its connection between being admitted and hearing of it asks again.
        const known = deviceOf(tree().committed, principalOf(request.credential))
        if (known !== null && known.dismissed === null) {
          const [own] = chainOf(tree().committed, known.writecapHash) ?? []
          const isSame = own !== undefined && samePath(own.scope, writecap!.scope) && own.rights === writecap!.rights
          if (!isSame) return elsewhereAlready
          const { expiresAtMs } = writecap!
          // The root has signed for another end than the one in force; one that is earlier does not count after a later one.
          if (expiresAtMs < own.expiresAtMs) return longerAlready
          if (expiresAtMs > own.expiresAtMs) {
            const extended = await tree().ownCluster.propose({ tag: 'extend', value: { writecap: writecap! } })
            if (!extended.ok) return extended
          }
        } else {
          const refusal = await admit(tree(), device, writecap!).then(() => null, refusalOf)
          if (refusal !== null) return refusal
        }
        const own = principalOf(this.#options.keys.credential)
        const { state, ownCluster: cluster } = tree()
        const host = { principal: own, transportId: await platform.keys.transportId() }
        const rendezvous = request.isLink ? await rendezvousFor(state, { platform, relays, keys }) : null
        const devices = [host, ...otherDevices(state, own)]
        return accepted({ generation: cluster.identity.generation, devices, rendezvous })
      },
    }
  }

  /** Asks for the root's word on what a newcomer is to be allowed. */
  #askRoot(request: JoinRequest, tell: Approval['tell']): Promise<JoinGrant | null> {
    return new Promise((answer) => this.#ask({ request, answer, tell }, termsOf({ kind: 'own' }, this.#site, request)))
  }

  #ask({ request, answer, tell }: Pick<Approval, 'request' | 'answer' | 'tell'>, terms: Terms): void {
    const { state } = this.#options.home().tree
    const set = setInForce(state, this.#options.platform.clock.nowMs())!
    const body = bodyOfTerms(terms, request.credential, credentialSetHash(set))
    this.#approval = { request, set, terms, body, answer, tell }
    this.#become({
      stage: 'approval',
      deviceName: request.deviceName,
      principal: fingerprintOf(request),
      isLink: request.isLink,
      limited: terms.limited,
      readable: readableBy(terms, this.#options.home()),
      expiresAtMs: terms.expiresAtMs,
      ...rootQuestion(set, writecapDomain, body),
    })
  }

  async #grant({ set, terms, body, tell }: Approval, answer: RootAnswer): Promise<JoinGrant> {
    const { crypto } = this.#options.platform
    const { committed: before } = this.#options.home().tree
    const signature = await rootWord(crypto, before, set, writecapDomain, body, answer).catch((error: unknown) => {
      tell('notValid')
      throw error
    })
    await makePlace(terms, this.#options.home())
    const { committed, ring } = this.#options.home().tree
    const nameBlock = blockIdOf(terms.scope)
    const nameKeyEpoch = accessOf(committed, nameBlock)?.fields.keyEpoch
    const nameKey = ring.keyOf(committed, nameBlock)
    if (nameKey === null || nameKeyEpoch === undefined)
      throw new BlocktreeError('keyOutOfReach', 'This device cannot let others in there.')
    const writecap = rootSignedWritecap(body, signature)
    return { writecap, nameBlock, nameKeyEpoch, nameKey, placeName: terms.limited?.folderName ?? '' }
  }
}

/** A link reads one folder, and is nobody's device. */
const isFitting = ({ request, terms }: Approval): boolean =>
  !request.isLink || (terms.limited !== null && !terms.limited.mayWrite)
const readsAFolder = (): BlocktreeError =>
  new BlocktreeError('linkReads', 'Somebody else’s tree gets a folder to read, and nothing more.')

const isOpen = (state: Inviting | null): state is Inviting =>
  state !== null && state.stage !== 'ended' && state.stage !== 'admitted'

const fingerprintOf = ({ credential }: JoinRequest): string => groupsOfFour(principalOf(credential))

const elsewhereAlready = refused(
  'deviceKnown',
  'This device belongs to the tree already, with another place in it. Remove it first; then it can join again with new keys.',
)

const longerAlready = refused(
  'termLonger',
  'This device belongs to the tree already, and until a later day than that. Choose that day or a later one, or remove the device first.',
)

const admittingStill = (): BlocktreeError =>
  new BlocktreeError('admitting', 'A device is just being written into the tree. Wait until that is done.')

const nothingAsked = (): BlocktreeError =>
  new BlocktreeError(
    'joinOver',
    'The device that wanted to join is not waiting any more. Show a new code to try again.',
  )
