import { describe, expect, test } from 'vitest'
import { BlocktreeError, CancelledError } from '../../core/bytes/bytes.ts'
import type { PasskeyCreation } from '../../node/api.ts'
import type { PasskeyPort } from '../ports.ts'
import { MemoryNode, cardWords } from '../testing/memory-node.ts'
import { Planting } from './planting.ts'

const closed = new BlocktreeError('passkeyCancelled', 'The prompt was closed.')

/** An authenticator that answers, or refuses with what is put into `refusals`. */
function authenticator() {
  const refusals: Error[] = []
  const secrets: Uint8Array[] = []
  const userIds: Uint8Array[] = []
  const answer = <T>(value: T): T => {
    const refusal = refusals.shift()
    if (refusal) throw refusal
    return value
  }
  const passkey: PasskeyPort = {
    availability: async () => 'platform',
    unlock: async () => null,
    async create({ userId }) {
      userIds.push(userId)
      const prf = new Uint8Array(32).fill(7)
      const creation: PasskeyCreation = {
        credentialId: Uint8Array.of(1, 2),
        publicKey: new Uint8Array(65),
        rpId: 'localhost',
        origin: 'http://localhost',
        prf,
        isSynced: true,
      }
      secrets.push(prf)
      return answer(creation)
    },
    sign: async ({ credentialIds: [credentialId] }) =>
      answer({
        credentialId: credentialId!,
        authenticatorData: new Uint8Array(),
        clientDataJson: new Uint8Array(),
        signature: new Uint8Array(),
      }),
  }
  return { passkey, refusals, secrets, userIds }
}
const asked = (positions: readonly number[]) => positions.map((position) => cardWords[position]!)
function begin() {
  const node = new MemoryNode()
  const { passkey, ...spy } = authenticator()
  const planting = new Planting(node, passkey)
  planting.name('Ada', 'Laptop')
  return { node, planting, passkey, ...spy }
}
async function checkCard(planting: Planting): Promise<void> {
  planting.haveCard()
  if (planting.step.kind !== 'check') throw new Error(`at ${planting.step.kind}`)
  await planting.check(asked(planting.step.positions))
}

describe('planting', () => {
  test('goes from names to a planted tree', async () => {
    const { node, planting, secrets } = begin()
    expect(planting.step.kind).toBe('passkey')
    await planting.makePasskey()
    expect(planting.step).toEqual({ kind: 'card', words: cardWords, isSecondCard: false })
    expect(secrets[0], 'the secret is wiped once the node has it').toEqual(new Uint8Array(32))
    await checkCard(planting)
    expect(planting.step).toEqual({ kind: 'sign', withPasskey: true })
    await planting.sign()
    expect(planting.step.kind).toBe('done')
    expect(node.tree).toMatchObject({ isPlanted: true, ownerName: 'Ada', deviceName: 'Laptop' })
  })

  test('asks for both names', () => {
    const planting = new Planting(new MemoryNode(), authenticator().passkey)
    planting.name('Ada', '')
    expect(planting.step.kind).toBe('names')
    expect(planting.problem).not.toBe('')
  })

  test('a closed prompt can be tried again, for the same user', async () => {
    const { planting, refusals, userIds } = begin()
    refusals.push(closed)
    await planting.makePasskey()
    expect(planting.step.kind).toBe('passkey')
    expect(planting.problem).toBe('The prompt was closed.')
    expect(planting.waitingFor).toBe('')
    await planting.makePasskey()
    expect(planting.step.kind).toBe('card')
    expect(planting.problem).toBe('')
    expect(userIds[0]).toEqual(userIds[1])
  })

  test('a prompt that never comes can be cancelled, which is no problem', async () => {
    const { planting, passkey } = begin()
    passkey.create = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new CancelledError())))
    const made = planting.makePasskey()
    await expect.poll(() => planting.isAtPrompt).toBe(true)
    planting.cancelPrompt()
    await made
    expect([planting.step.kind, planting.problem, planting.waitingFor]).toEqual(['passkey', '', ''])
  })

  test('while the tree is founded there is no prompt to cancel', async () => {
    const { node, planting } = begin()
    await planting.makePasskey()
    await checkCard(planting)
    node.stepMs = 1
    const signed = planting.sign()
    await expect.poll(() => planting.step.kind).toBe('moving')
    expect([planting.isAtPrompt, planting.waitingFor]).toEqual([false, 'Founding the tree.'])
    await signed
    expect(planting.step.kind).toBe('done')
  })

  test('the card alone needs no authenticator', async () => {
    const { node, planting, userIds } = begin()
    await planting.goOnWithCardAlone()
    await checkCard(planting)
    expect(planting.step).toEqual({ kind: 'sign', withPasskey: false })
    await planting.sign()
    expect(node.tree.root?.passkeys).toEqual([])
    expect(userIds).toEqual([])
  })

  test('a wrong word is told, and the card can be seen until it is right', async () => {
    const { planting } = begin()
    await planting.goOnWithCardAlone()
    planting.haveCard()
    await planting.check(['no', 'such', 'words'])
    expect(planting.step.kind).toBe('check')
    expect(planting.problem).toContain('not the one on the card')
    planting.seeCardAgain()
    expect(planting.step.kind).toBe('card')
    await checkCard(planting)
    planting.seeCardAgain()
    expect(planting.step.kind, 'the words are gone once they were right').toBe('sign')
  })

  test('words are compared as people type them', async () => {
    const { planting } = begin()
    await planting.goOnWithCardAlone()
    planting.haveCard()
    if (planting.step.kind !== 'check') throw new Error('no check')
    await planting.check(asked(planting.step.positions).map((word) => ` ${word.toUpperCase()} `))
    expect(planting.step.kind).toBe('sign')
  })

  test('a passkey that will not sign gives way to a second card', async () => {
    const { node, planting, refusals } = begin()
    await planting.makePasskey()
    await checkCard(planting)
    refusals.push(closed)
    await planting.sign()
    expect(planting.step.kind).toBe('sign')
    expect(node.tree.isPlanted).toBe(false)
    await planting.goOnWithCardAlone()
    expect(planting.step).toMatchObject({ kind: 'card', isSecondCard: true })
    await checkCard(planting)
    await planting.sign()
    expect(node.tree.root?.passkeys).toEqual([])
  })

  test('what the node refuses at the end can be tried again', async () => {
    const { node, planting } = begin()
    await planting.goOnWithCardAlone()
    await checkCard(planting)
    node.refusal = new BlocktreeError('storeFull', 'This device is out of space.')
    await planting.sign()
    expect(planting.step.kind).toBe('sign')
    expect(planting.problem).toBe('This device is out of space.')
    await planting.sign()
    expect(planting.step.kind).toBe('done')
  })
})
