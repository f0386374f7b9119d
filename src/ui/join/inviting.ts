/**
 * The course of letting a device in, as far as it is this page's: what is asked of the node, and what came of it. How far it is
 * the node says, to all tabs alike.
 * @module
 */
import type { DeviceChoice, Inviting, NodeApi } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { Course } from './course.ts'
import { endOfDay, firstTermDays } from './term.ts'
import { joinWords } from './words.ts'

/** What a form says that a limited device gets. */
export interface Draft {
  /** Empty: a new one. */
  readonly folderId: string
  /** Empty: none was chosen. */
  readonly right: 'read' | 'write' | ''
  /** As a field of days has it. */
  readonly day: string
}

export class InviteCourse extends Course {
  readonly #api: NodeApi
  #stage: Inviting['stage'] | null = null
  /** What its owner has said that the device is to be; null: nothing yet. */
  kind: DeviceChoice['kind'] | null = null
  /** As the form was sent last, right or wrong. */
  draft: Draft | null = null
  /** What a limited device gets is being put together, and not yet what the node asks the root for. */
  isEditing = true

  /** @param rpId the host that passkeys belong to here */
  constructor(api: NodeApi, passkey: PasskeyPort, rpId: string) {
    super(passkey, rpId)
    this.#api = api
  }

  /** The node is at another stage: what was waited for is over, one way or the other. */
  arrive(stage: Inviting['stage'] | null): void {
    if (stage === this.#stage) return
    this.#stage = stage
    this.kind = null
    this.isEditing = true
    this.draft = null
    this.isByCard = false
    this.stop()
  }

  begin(): Promise<void> {
    return this.attempt(joinWords.wait.code, () => this.#api.invite())
  }

  /** @param typed in whatever spacing. There is one try, so what can not be right is not sent. */
  async typeDigits(typed: string): Promise<void> {
    const digits = typed.replaceAll(/\D/g, '')
    if (digits.length !== 4) return this.fail(joinWords.invite.digits.incomplete)
    await this.attempt(joinWords.wait.deciding, () => this.#api.typeDigits(digits))
  }

  /** The node asks for an own device until it is told otherwise. */
  async chooseKind(kind: DeviceChoice['kind']): Promise<void> {
    this.kind = kind
    this.isEditing = true
    if (kind === 'own') await this.attempt(joinWords.wait.deciding, () => this.#api.choose({ kind }))
    else this.fail('')
  }

  async limit(draft: Draft, nowMs: number): Promise<void> {
    const { folderId, right, day } = (this.draft = draft)
    const words = joinWords.invite.choice
    const expiresAtMs = endOfDay(day, nowMs, firstTermDays)
    if (right === '') return this.fail(words.rightMissing)
    if (expiresAtMs === null) return this.fail(words.dayWrong)
    const choice = { kind: 'limited', folderId: folderId || null, mayWrite: right === 'write', expiresAtMs } as const
    await this.attempt(joinWords.wait.deciding, async () => {
      await this.#api.choose(choice)
      this.isEditing = false
    })
  }

  /** Back to what a limited device gets. */
  edit(): void {
    this.isEditing = true
    this.fail('')
  }

  /** Shows one prompt of the browser. */
  approveByPasskey(approval: Extract<Inviting, { stage: 'approval' }>): Promise<void> {
    return this.answerByPasskey(
      approval,
      (answer) => this.#api.approve(answer),
      // Whoever waits would see nothing of it; of what the node refuses it tells by itself.
      () => void this.#api.approvalNotGiven().catch(() => {}),
    )
  }
  /** @param typed the words of the card, in whatever spacing and case */
  approveByCard(typed: string): Promise<void> {
    return this.answerByCard(typed, (answer) => this.#api.approve(answer))
  }
  deny(): Promise<void> {
    return this.attempt(joinWords.wait.deciding, () => this.#api.approve(null))
  }

  /** At whatever stage; also puts away what an ended one said. */
  async end(): Promise<void> {
    this.stop()
    await this.attempt(joinWords.wait.deciding, () => this.#api.endInviting())
  }
}
