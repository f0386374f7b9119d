import { describe, expect, test } from 'vitest'
import { BlocktreeError, CancelledError } from '../../core/bytes/bytes.ts'
import type { Inviting } from '../../node/api.ts'
import type { PasskeyAssertionAsk, PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { InviteCourse } from './inviting.ts'
import { dayText, endOfDay } from './term.ts'

const creation = {
  credentialId: Uint8Array.of(1, 2),
  publicKey: new Uint8Array(65),
  rpId: 'tree.example',
  origin: 'https://tree.example',
  prf: null,
  isSynced: true,
}

/** A page over a node whose root has a passkey, or the card alone. */
function begin({ hasPasskey = true } = {}) {
  const node = new MemoryNode()
  if (hasPasskey) node.passkey = creation
  const asked: PasskeyAssertionAsk[] = []
  const passkey: PasskeyPort = {
    availability: async () => 'platform',
    unlock: async () => null,
    create: () => Promise.reject(new Error('not asked for')),
    async sign(ask) {
      asked.push(ask)
      const empty = new Uint8Array()
      return { credentialId: ask.credentialIds[0]!, authenticatorData: empty, clientDataJson: empty, signature: empty }
    },
  }
  const course = new InviteCourse(node, passkey, 'tree.example')
  void node.watch((event) => {
    if (event.kind === 'inviting') course.arrive(event.inviting?.stage ?? null)
  })
  return { node, course, passkey, asked }
}
type Approval = Extract<Inviting, { stage: 'approval' }>
async function toApproval({ node, course }: ReturnType<typeof begin>): Promise<Approval> {
  await course.begin()
  node.scanned('Phone')
  await course.typeDigits(node.digits)
  if (node.inviting?.stage !== 'approval') throw new Error(`at ${node.inviting?.stage}`)
  return node.inviting
}

describe('letting a device in', () => {
  test('goes from the code to another device', async () => {
    const place = begin()
    const approval = await toApproval(place)
    await place.course.approveByPasskey(approval)
    expect(place.node.inviting).toEqual({ stage: 'admitted', deviceName: 'Phone', isLimited: false })
    expect(place.asked).toMatchObject([
      { challenge: approval.challenge, credentialIds: [creation.credentialId], rpId: 'tree.example' },
    ])
    expect([place.course.waitingFor, place.course.problem]).toEqual(['', ''])
  })

  test('digits that can not be right do not use up the one try', async () => {
    const { node, course } = begin()
    await course.begin()
    node.scanned('Phone')
    await course.typeDigits('482')
    expect(node.inviting?.stage).toBe('digits')
    expect(course.problem).not.toBe('')
    await course.typeDigits(' 48 21 ')
    expect(node.inviting?.stage).toBe('approval')
    expect(course.problem).toBe('')
  })

  test('wrong digits end it, and it can begin anew', async () => {
    const { node, course } = begin()
    await course.begin()
    node.scanned('Phone')
    await course.typeDigits('0000')
    expect(node.inviting).toMatchObject({ stage: 'ended', code: 'joinDigitsWrong' })
    await course.begin()
    expect(node.inviting?.stage).toBe('code')
  })

  test('a closed prompt can be tried again; nobody was let in', async () => {
    const place = begin()
    const approval = await toApproval(place)
    const { sign } = place.passkey
    place.passkey.sign = () => Promise.reject(new BlocktreeError('passkeyCancelled', 'The prompt was closed.'))
    await place.course.approveByPasskey(approval)
    expect([place.node.inviting?.stage, place.course.problem]).toEqual(['approval', 'The prompt was closed.'])
    expect(place.node.isNotGivenTold).toBe(true)
    place.passkey.sign = sign
    await place.course.approveByPasskey(approval)
    expect(place.node.inviting?.stage).toBe('admitted')
  })

  test('a prompt that is open when all ends is closed, and what it answers counts no more', async () => {
    const place = begin()
    const approval = await toApproval(place)
    let signal: AbortSignal | undefined
    place.passkey.sign = (ask) =>
      new Promise((_, reject) => {
        signal = ask.signal
        signal.addEventListener('abort', () => reject(new CancelledError()))
      })
    const approved = place.course.approveByPasskey(approval)
    await place.course.end()
    await approved
    expect(signal?.aborted).toBe(true)
    expect([place.node.inviting, place.course.waitingFor, place.course.problem]).toEqual([null, '', ''])
  })

  test('an assertion that comes after the end is not handed on', async () => {
    const place = begin()
    const approval = await toApproval(place)
    let answer = (): void => {}
    const { sign } = place.passkey
    place.passkey.sign = (ask) => new Promise((resolve) => (answer = () => resolve(sign(ask))))
    const approved = place.course.approveByPasskey(approval)
    place.node.tellInviting({ stage: 'ended', code: 'joinExpired', message: 'Too late.' })
    await place.course.begin()
    place.node.scanned('Stranger')
    await place.course.typeDigits(place.node.digits)
    answer()
    await approved
    expect(place.node.inviting).toMatchObject({ stage: 'approval', deviceName: 'Stranger' })
  })

  test('a prompt that fails after the end is no problem of what follows', async () => {
    const place = begin()
    const approval = await toApproval(place)
    let fail = (): void => {}
    place.passkey.sign = () => new Promise((_, reject) => (fail = () => reject(new Error('late'))))
    const approved = place.course.approveByPasskey(approval)
    place.node.tellInviting({ stage: 'ended', code: 'joinExpired', message: 'Too late.' })
    await place.course.begin()
    fail()
    await approved
    expect([place.node.inviting?.stage, place.course.problem]).toEqual(['code', ''])
  })

  test('the card signs where there is no passkey', async () => {
    const place = begin({ hasPasskey: false })
    const approval = await toApproval(place)
    expect(approval.challenge).toBeNull()
    await place.course.approveByCard('abandon ability')
    expect(place.course.problem).toContain('twelve words')
    await place.course.approveByCard(cardWords.toReversed().join(' '))
    expect(place.course.problem).toContain('not the words')
    await place.course.approveByCard(cardWords.map((word, at) => `${at + 1}. ${word.toUpperCase()}`).join('\n'))
    expect(place.node.inviting?.stage).toBe('admitted')
    expect(place.asked).toEqual([])
  })

  test('nothing is chosen until its owner does; a limited device is put together, and can be changed', async () => {
    const place = begin({ hasPasskey: false })
    const { node, course } = place
    await toApproval(place)
    expect([course.kind, course.isEditing]).toEqual([null, true])
    await course.chooseKind('limited')
    expect([course.kind, course.isEditing, node.inviting]).toMatchObject(['limited', true, { limited: null }])
    const nowMs = Date.now()
    const day = dayText(nowMs + 3 * 86_400_000)
    await course.limit({ folderId: '', right: '', day }, nowMs)
    expect(course.problem).toContain('read and write')
    await course.limit({ folderId: '', right: 'write', day: dayText(nowMs + 9 * 86_400_000) }, nowMs)
    expect(course.problem).toContain('within seven days')
    await course.limit({ folderId: '', right: 'write', day }, nowMs)
    expect([course.isEditing, course.problem]).toEqual([false, ''])
    const expiresAtMs = endOfDay(day, nowMs, 7)
    const limited = { folderName: 'Phone', isNewFolder: true, mayWrite: true, expiresAtMs }
    expect(node.inviting).toMatchObject({ stage: 'approval', expiresAtMs, limited })
    course.edit()
    expect(course.isEditing).toBe(true)
    await course.chooseKind('own')
    expect(node.inviting).toMatchObject({ stage: 'approval', limited: null })
    await course.chooseKind('limited')
    await course.limit({ folderId: '', right: 'read', day }, nowMs)
    await course.approveByCard(cardWords.join(' '))
    expect(node.inviting).toEqual({ stage: 'admitted', deviceName: 'Phone', isLimited: true })
    expect(node.otherDevices).toMatchObject([{ limited: { mayWrite: false } }])
  })

  test('what was chosen for one device is chosen for no other', async () => {
    const place = begin()
    await toApproval(place)
    await place.course.chooseKind('own')
    await place.course.end()
    await toApproval(place)
    expect(place.course.kind).toBeNull()
  })

  test('no is no', async () => {
    const place = begin()
    await toApproval(place)
    await place.course.deny()
    expect(place.node.inviting).toMatchObject({ stage: 'ended', code: 'joinDenied' })
    expect(place.node.otherDevices).toEqual([])
  })

  test('what the node refuses is told', async () => {
    const { node, course } = begin()
    node.refusal = new BlocktreeError('notPlanted', 'Plant the tree first.')
    await course.begin()
    expect([node.inviting, course.problem, course.waitingFor]).toEqual([null, 'Plant the tree first.', ''])
  })
})
