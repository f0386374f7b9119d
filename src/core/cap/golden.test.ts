import { expect, test } from 'vitest'
import { encode, must, toHex } from '../bytes/bytes.ts'
import { credentialSetWire } from '../crypto/crypto.ts'
import { idPathWire } from '../path/path.ts'
import { claimsOfChain, writecapWire } from './cap.ts'
import {
  alice,
  bob,
  carol,
  grantAll,
  letter,
  octetsOf,
  ownersSet,
  ownersTree,
  toAlice,
  toBob,
  toCarol,
} from './testing/chains.ts'

/** A chain of three links and a link that was signed with others, as octets, and what of them is hashed and signed. A difference here breaks every permission that exists. */
test('a chain is pinned', async () => {
  const chain = [toCarol, toBob, toAlice]
  const claims = must(claimsOfChain(chain, () => ownersSet))
  const examples: Record<string, Uint8Array> = {
    'credential set': encode(credentialSetWire, ownersSet),
    'tree id': ownersTree,
    chain: octetsOf(...chain),
    'path that it is valid for': encode(idPathWire, letter),
  }
  for (const [at, { body, hash }] of chain.entries()) {
    const { publicKey, message, signature } = claims[at]!
    Object.assign(examples, {
      [`link ${at}, body`]: body,
      [`link ${at}, hash`]: hash,
      [`link ${at}, key of the claim`]: publicKey,
      [`link ${at}, message of the claim`]: message,
      [`link ${at}, signature of the claim`]: signature,
    })
  }
  const together = grantAll('passkey', [alice, bob, carol])
  const [claim] = must(claimsOfChain([together[2]!], () => ownersSet))
  Object.assign(examples, {
    'the third of three grants that were signed together': encode(writecapWire, together[2]!),
    'message of its claim': claim!.message,
  })
  const text = Object.entries(examples).map(([name, octets]) => `${name}\n${toHex(octets)}\n`)
  await expect(text.join('\n')).toMatchFileSnapshot('golden.txt')
})
