/**
 * Joining over a connection: the course of it on either side (design §10). The formats and why they are safe:
 * `core/message/joining.ts`.
 *
 * Every way out is told to the other side, with a sentence for the person in front of each screen; a token that was tried is
 * used up, whatever came of it.
 * @module
 */
import {
  type Bytes,
  type Fault,
  type Refused,
  type Result,
  accepted,
  equal,
  refused,
  wipe,
} from '../core/bytes/bytes.ts'
import { principalOf, x25519PublicKey } from '../core/crypto/crypto.ts'
import {
  type Invitation,
  type JoinAsked,
  type JoinCard,
  type JoinContent,
  type JoinEndReason,
  type JoinFrame,
  type JoinFrameKind,
  type JoinGrant,
  type JoinPath,
  type JoinRequest,
  type JoinSession,
  claimOfJoinRequest,
  commitmentOf,
  decodeJoinFrame,
  encodeJoinFrame,
  joinNonceSizeBytes,
  joinRequestMessage,
  joinSession,
  openJoin,
  sealJoin,
  wireVersion,
} from '../core/message/message.ts'
import { blockIdOf } from '../core/path/path.ts'
import type { SignedDevice } from '../core/tree/tree.ts'
import type { Connection, TransportId } from '../port/net.ts'
import type { Platform } from '../port/platform.ts'

type JoinPlatform = Pick<Platform, 'clock' | 'random' | 'crypto' | 'keys'>
/** Between two frames that no person has to do anything for. */
const answerTimeoutMs = 15_000
/** How often an inviter may say what its root has come to. */
const askedCountMax = 64

/** An invitation while it is shown. */
export interface OpenInvitation {
  readonly invitation: Invitation
  /** X25519; the invitation has its public half. */
  readonly secret: Bytes
  readonly expiresAtMs: number
}

/** What the inviter's side asks of its owner and of its tree. */
export interface Inviter {
  readonly card: JoinCard
  /** @returns what was typed in; null where the owner gave up */
  askDigits(request: JoinRequest): Promise<string | null>
  /**
   * Asks what the newcomer shall be, and has the root sign it.
   * @param tell for the newcomer, which waits for that
   * @returns null where the owner says no
   */
  approve(request: JoinRequest, tell: (state: JoinAsked) => void): Promise<JoinGrant | null>
  /** Resolves when the device is one of the tree for good. */
  admit(request: JoinRequest, device: SignedDevice): Promise<Result<JoinContent<'admitted'>>>
}

/** What the newcomer's side asks of its owner and of itself. */
export interface Newcomer {
  readonly deviceName: string
  readonly buildId: string
  /** It is a link that wants a folder. */
  readonly isLink: boolean
  /** Whether its owner wants to join this tree. */
  confirm(card: JoinCard): Promise<boolean>
  /** To be typed in at the inviter. */
  showDigits(digits: string): void
  /** What the root of the other side has come to. */
  onAsked(state: JoinAsked): void
  /** Its own record, signed, its name sealed under the key that came with the grant. */
  deviceRecord(card: JoinCard, grant: JoinGrant): Promise<SignedDevice>
}

/** What a newcomer has when it is admitted. */
export interface Joined {
  readonly card: JoinCard
  readonly grant: JoinGrant
  readonly device: SignedDevice
  readonly devices: JoinContent<'admitted'>['devices']
  readonly generation: number
  readonly rendezvous: JoinContent<'admitted'>['rendezvous']
}

/** Ends a joining from outside, as by a button. */
export interface Cancel {
  /** Resolves when it is to end. */
  readonly requested: Promise<void>
}

/**
 * The inviter's side, from the newcomer's first frame on.
 * @param open whose token is used up by this call; null where nothing is shown, or another token was
 * @returns the device that was admitted
 */
export async function inviteOver(
  platform: JoinPlatform,
  connection: Connection,
  ownTransport: TransportId,
  first: Extract<JoinFrame, { tag: 'commit' }>['value'],
  open: OpenInvitation | null,
  inviter: Inviter,
  cancel: Cancel,
): Promise<Result<SignedDevice>> {
  const link = new JoinLink(platform, connection, cancel, inviterSentences)
  const { random, clock, crypto } = platform
  return link.conclude(async () => {
    if (open === null || !equal(open.invitation.token, first.token)) return link.end('used')
    if (clock.nowMs() >= open.expiresAtMs) return link.end('expired')
    const inviterNonce = random.bytes(joinNonceSizeBytes)
    link.send({ tag: 'nonce', value: { nonce: inviterNonce } })
    const revealed = await link.receive('reveal')
    if (!revealed.ok) return revealed
    const { key, nonce, sealed } = revealed.value
    if (!equal(commitmentOf(key, nonce), first.commitment)) return link.end('failed')
    const path = pathOf(connection, ownTransport)
    const { invitation } = open
    const transcript = { ...path, invitation, inviterNonce, newcomerKey: key, newcomerNonce: nonce }
    const session = joinSession(open.secret, key, transcript)
    if (!session.ok) return link.end('failed')
    const request = openJoin(session.value, 'reveal', sealed)
    if (!request.ok) return link.end('failed')
    const [isOwn] = await crypto.verify([claimOfJoinRequest(session.value, request.value)])
    if (!isOwn) return link.end('failed')

    link.send({ tag: 'card', value: { sealed: sealJoin(session.value, 'card', inviter.card) } })
    const ready = await link.receive('ready', 'person')
    if (!ready.ok) return ready
    const typed = await link.ask(inviter.askDigits(request.value))
    if (!typed.ok) return typed
    if (typed.value === null) return link.end('cancelled')
    if (typed.value !== session.value.digits) return link.end('digitsWrong')
    let askedCount = 0
    const tell = (state: JoinAsked): void => {
      if (askedCount++ < askedCountMax) link.send({ tag: 'asked', value: { state } })
    }
    const grant = await link.ask(inviter.approve(request.value, tell))
    // Whatever else is answered comes too late, and the newcomer expects no word of it.
    askedCount = askedCountMax
    if (!grant.ok) return grant
    if (grant.value === null) return link.end('denied')
    if (!equal(grant.value.writecap.holder, principalOf(request.value.credential)))
      throw new Error('a permission for another device than the one that asks')

    link.send({ tag: 'grant', value: { sealed: sealJoin(session.value, 'grant', grant.value) } })
    const answer = await link.receive('accept')
    if (!answer.ok) return answer
    const accept = openJoin(session.value, 'accept', answer.value.sealed)
    if (!accept.ok) return link.end('failed')
    const { device } = accept.value
    const { credential, isLink } = request.value
    const isItself =
      equal(principalOf(device.fields.credential), principalOf(credential)) &&
      equal(device.fields.transportId, isLink ? credential.signingKey : path.newcomerTransport)
    if (!isItself) return link.end('failed')
    // What is written into the tree is not taken back by leaving it: from here on the newcomer is told what came of it.
    link.forbidCancelling()
    const admitted = await inviter.admit(request.value, device)
    if (!admitted.ok) {
      link.say('failed')
      return admitted
    }
    link.send({ tag: 'admitted', value: { sealed: sealJoin(session.value, 'admitted', admitted.value) } })
    return accepted(device)
  })
}

/**
 * The newcomer's side, over a connection that it dialled to the inviter.
 * @returns what it needs to become a device that learns the tree
 */
export async function joinOver(
  platform: JoinPlatform,
  connection: Connection,
  ownTransport: TransportId,
  invitation: Invitation,
  newcomer: Newcomer,
  cancel: Cancel,
): Promise<Result<Joined>> {
  const link = new JoinLink(platform, connection, cancel, newcomerSentences)
  const { random, keys } = platform
  return link.conclude(async () => {
    const secret = random.bytes(32)
    const newcomerKey = x25519PublicKey(secret)
    const newcomerNonce = random.bytes(joinNonceSizeBytes)
    const commitment = commitmentOf(newcomerKey, newcomerNonce)
    link.send({ tag: 'commit', value: { wireVersion, token: invitation.token, commitment } })
    const answered = await link.receive('nonce')
    if (!answered.ok) return answered
    const path = pathOf(connection, ownTransport)
    const inviterNonce = answered.value.nonce
    const transcript = { ...path, invitation, inviterNonce, newcomerKey, newcomerNonce }
    const session = joinSession(secret, invitation.key, transcript)
    wipe(secret)
    if (!session.ok) return link.end('failed')
    const request = await requestOf(session.value, newcomer, keys)
    const sealed = sealJoin(session.value, 'reveal', request)
    link.send({ tag: 'reveal', value: { key: newcomerKey, nonce: newcomerNonce, sealed } })

    const shown = await link.receive('card')
    if (!shown.ok) return shown
    const card = openJoin(session.value, 'card', shown.value.sealed)
    if (!card.ok) return link.end('failed')
    const wanted = await link.ask(newcomer.confirm(card.value))
    if (!wanted.ok) return wanted
    if (!wanted.value) return link.end('cancelled')
    newcomer.showDigits(session.value.digits)
    link.send({ tag: 'ready', value: {} })

    const granted = await untilGranted(link, newcomer)
    if (!granted.ok) return granted
    const grant = openJoin(session.value, 'grant', granted.value.sealed)
    if (!grant.ok || !isFor(grant.value, card.value, request)) return link.end('failed')
    const device = await newcomer.deviceRecord(card.value, grant.value)
    link.send({ tag: 'accept', value: { sealed: sealJoin(session.value, 'accept', { device }) } })
    const done = await link.receive('admitted', 'person')
    if (!done.ok) return done
    const admitted = openJoin(session.value, 'admitted', done.value.sealed)
    if (!admitted.ok) return link.end('failed')
    return accepted({ card: card.value, grant: grant.value, device, ...admitted.value })
  })
}

/** A person is waited for, who may be asked more than once. */
async function untilGranted(link: JoinLink, { onAsked }: Newcomer): Promise<Result<FrameValues['grant']>> {
  for (let count = 0; count <= askedCountMax; count++) {
    const frame = await link.receiveOneOf(['grant', 'asked'], 'person')
    if (!frame.ok) return frame
    if (frame.value.tag === 'grant') return accepted(frame.value.value)
    onAsked(frame.value.value.state)
  }
  return link.end('failed')
}

async function requestOf(
  session: JoinSession,
  { deviceName, buildId, isLink }: Newcomer,
  keys: JoinPlatform['keys'],
): Promise<JoinRequest> {
  const node = await keys.node()
  const signature = await node.sign(joinRequestMessage(session))
  return { credential: node.credential, deviceName, buildId, isLink, signature }
}

/** Whether a grant is of the tree that was shown, for the device that asked, and with the key of the very place. */
const isFor = ({ writecap, nameBlock }: JoinGrant, { treeId }: JoinCard, { credential }: JoinRequest): boolean =>
  equal(writecap.scope.treeId, treeId) &&
  equal(nameBlock, blockIdOf(writecap.scope)) &&
  equal(writecap.holder, principalOf(credential))

function pathOf({ isDialler, peer, binding }: Connection, ownTransport: TransportId): JoinPath {
  const [newcomerTransport, inviterTransport] = isDialler ? [ownTransport, peer] : [peer, ownTransport]
  if (binding.kind === 'relayed') return { newcomerTransport, inviterTransport, fingerprints: null }
  const { ownFingerprint, peerFingerprint } = binding
  const [newcomer, inviter] = isDialler ? [ownFingerprint, peerFingerprint] : [peerFingerprint, ownFingerprint]
  return { newcomerTransport, inviterTransport, fingerprints: { newcomer, inviter } }
}

// --- the frames of one joining --------------------------------------------------------------------------------------------

type Sentences = { readonly [R in JoinEndReason]: { readonly own: string; readonly peer: string } }

const inviterSentences: Sentences = {
  cancelled: {
    own: 'You stopped it. Nothing was changed; show a new code to try again.',
    peer: 'The other device stopped. Nothing was changed; show a new code to try again.',
  },
  denied: { own: 'You said no. The device was not added.', peer: 'The other device said no. Nothing was changed.' },
  digitsWrong: {
    own: 'These were not the digits that the other device shows. It was not added; show a new code to try again.',
    peer: 'The other device found the digits wrong. It was not added; show a new code to try again.',
  },
  expired: {
    own: 'The code was too old when it was scanned. Let the new one be scanned.',
    peer: 'The code was too old. Let a new one be scanned.',
  },
  used: {
    own: 'A code was scanned that is not shown any more. Let the new one be scanned.',
    peer: 'A code was scanned that is not shown any more. Let the new one be scanned.',
  },
  failed: {
    own: 'The two devices did not understand each other, so the device was not added. Show a new code to try again.',
    peer: 'The other device found something wrong, so it was not added. Show a new code to try again.',
  },
}

const newcomerSentences: Sentences = {
  cancelled: {
    own: 'You stopped it. Nothing was changed; scan a new code to try again.',
    peer: 'The other device stopped. Nothing was changed; scan a new code to try again.',
  },
  denied: {
    own: 'You said no. Nothing was changed.',
    peer: 'The owner of the tree said no. Nothing was changed here.',
  },
  digitsWrong: {
    own: 'The digits were wrong. Scan a new code to try again.',
    peer: 'Other digits were typed in than this device shows. Scan a new code to try again.',
  },
  expired: {
    own: 'This code is too old. Scan a new one.',
    peer: 'This code is too old. Scan the one that is shown now.',
  },
  used: {
    own: 'This code is not shown any more. Scan a new one.',
    peer: 'This code was used before, or is not shown any more. Scan the one that is shown now.',
  },
  failed: {
    own: 'The two devices did not understand each other, so nothing was changed. Scan a new code to try again.',
    peer: 'The other device found something wrong, so nothing was changed. Scan a new code to try again.',
  },
}

/** The connection as one joining uses it. */
class JoinLink {
  readonly #platform: JoinPlatform
  readonly #connection: Connection
  readonly #sentences: Sentences
  readonly #cancelled: Promise<Refused>
  #pending: Promise<Result<JoinFrame>> | null = null
  #hasEnded = false
  #isCancellable = true

  constructor(platform: JoinPlatform, connection: Connection, cancel: Cancel, sentences: Sentences) {
    this.#platform = platform
    this.#connection = connection
    this.#sentences = sentences
    this.#cancelled = cancel.requested.then(() => {
      return this.#isCancellable ? this.end('cancelled') : new Promise<never>(() => {})
    })
  }

  forbidCancelling(): void {
    this.#isCancellable = false
  }

  send(frame: JoinFrame): void {
    this.#connection.send('control', encodeJoinFrame(frame))
  }

  /** Tells the other side why it goes no further. */
  say(reason: JoinEndReason): void {
    if (!this.#hasEnded) this.send({ tag: 'end', value: { reason } })
    this.#hasEnded = true
  }

  end(reason: JoinEndReason): Refused {
    this.say(reason)
    return this.#refusal(reason, 'own')
  }

  #refusal(reason: JoinEndReason, whose: 'own' | 'peer'): Refused {
    return refused(endCodes[reason], this.#sentences[reason][whose])
  }

  /** @param waitsFor a person may take as long as it pleases; the other side's end or cancelling is what ends the wait */
  async receive<K extends JoinFrameKind>(
    kind: K,
    waitsFor: 'device' | 'person' = 'device',
  ): Promise<Result<FrameValues[K]>> {
    const frame = await this.receiveOneOf([kind], waitsFor)
    return frame.ok ? accepted(frame.value.value as FrameValues[K]) : frame
  }

  async receiveOneOf<K extends JoinFrameKind>(
    kinds: readonly K[],
    waitsFor: 'device' | 'person',
  ): Promise<Result<Extract<JoinFrame, { tag: K }>>> {
    const frame = await this.#within(waitsFor === 'device' ? answerTimeoutMs : null, this.#nextFrame())
    if (!frame.ok) return frame
    this.#pending = null
    const isOneOf = kinds.some((kind) => kind === frame.value.tag)
    return isOneOf ? accepted(frame.value as Extract<JoinFrame, { tag: K }>) : this.end('failed')
  }

  /** Waits for a person in front of this side, but no longer than the other side is there. */
  async ask<T>(answer: Promise<T>): Promise<Result<T>> {
    const first = await Promise.race([answer.then((value) => ({ answer: value })), this.#cancelled, this.#nextFrame()])
    if ('answer' in first) return accepted(first.answer)
    // The other side waits too, so all that it can say meanwhile is that it ends.
    return first.ok ? this.end('failed') : first
  }

  /** The next frame, or why there is none; asked twice it is the same until it was taken. */
  #nextFrame(): Promise<Result<JoinFrame>> {
    this.#pending ??= this.#receiveFrame()
    return this.#pending
  }
  async #receiveFrame(): Promise<Result<JoinFrame>> {
    const octets = await this.#connection.receive('control')
    if (octets === null) return because(await this.#connection.closed)
    const frame = decodeJoinFrame(octets)
    if (!frame.ok) {
      this.say('failed')
      return frame
    }
    if (frame.value.tag !== 'end') return frame
    this.#hasEnded = true
    return this.#refusal(frame.value.value.reason, 'peer')
  }

  async #within<T>(timeoutMs: number | null, awaited: Promise<Result<T>>): Promise<Result<T>> {
    if (timeoutMs === null) return Promise.race([awaited, this.#cancelled])
    let stop = (): void => {}
    const late = new Promise<Refused>((resolve) => {
      stop = this.#platform.clock.after(timeoutMs, () => resolve(this.end('failed')))
    })
    return Promise.race([awaited, this.#cancelled, late]).finally(() => stop())
  }

  /** Closes the connection when the course is run, one way or the other. */
  async conclude<T>(course: () => Promise<Result<T>>): Promise<Result<T>> {
    let result: Result<T> | null = null
    try {
      result = await course()
      return result
    } finally {
      // A course that fails by an error, as when a passkey's prompt is cancelled, ends for the other side as well.
      if (result === null) this.say('failed')
      await this.#connection.drained('control')
      this.#connection.close(result === null || result.ok ? undefined : result.fault)
    }
  }
}

const endCodes: Readonly<Record<JoinEndReason, string>> = {
  cancelled: 'joinCancelled',
  denied: 'joinDenied',
  digitsWrong: 'joinDigitsWrong',
  expired: 'joinExpired',
  used: 'joinUsed',
  failed: 'joinFailed',
}

type FrameValues = { readonly [F in JoinFrame as F['tag']]: F['value'] }
const because = (fault: Fault): Refused => ({ ok: false, fault })
