/**
 * Names and chains that must be refused, each for its own cause: the negative cases 1 to 40, under their numbers. A chain goes
 * through all gates from its octets, and all but the one thing that is wrong is right, signatures included; so what is reported is
 * the first rule that fails, and not another one by accident. Those that need a tree stand in `tree/refusals.test.ts`.
 */
import { p256 } from '@noble/curves/nist.js'
import { encode as cborEncode } from 'cborg'
import { expect, test } from 'vitest'
import { type Bytes, concat, toBase64url, toHex, utf8 } from '../bytes/bytes.ts'
import {
  digest,
  principalOf,
  recoveryFromEntropy,
  recoverySign,
  sealText,
  signEd25519,
  wrapKey,
} from '../crypto/crypto.ts'
import { type AnswerChange, host, userPresent, userVerified } from '../crypto/testing/authenticator.ts'
import { proveLeaves } from '../merkle/merkle.ts'
import {
  type IdPath,
  checkName,
  childPath,
  depthMax,
  nameFromPerson,
  openName,
  parentPath,
  systemBlockId,
} from '../path/path.ts'
import { person } from '../tree/testing/forest.ts'
import {
  type Writecap,
  type WritecapBody,
  type WritecapSignature,
  allRights,
  chainSizeBytesMax,
  rights,
  writecapBody,
  writecapDomain,
  writecapHash,
  writecapSizeBytesMax,
  writecapWire,
} from './cap.ts'
import {
  type Question,
  alice,
  bob,
  bodyOf,
  carol,
  chainOf,
  endMs,
  grant,
  grantAll,
  id,
  judge,
  letter,
  mail,
  mallory,
  nowMs,
  octetsOf,
  ownersRoot,
  ownersSet,
  ownersTree,
  signatureOf,
  toAlice,
  toBob,
  toCarol,
} from './testing/chains.ts'
import {
  type Item,
  at,
  carolsFields,
  carolsItem,
  carolsSignature,
  hex,
  identity,
  identityOtherwise,
  inAnswer,
  inCredential,
  mixedOrderKey,
  plusOrder,
  reissued,
  rewritten,
  signedWithIdentity,
  smallOrderKeys,
  upperHalf,
  withAnswer,
  withBody,
  withField,
  withIssuer,
  withSignature,
} from './testing/forgery.ts'

const deepest: IdPath = { treeId: ownersTree, ids: Array.from({ length: depthMax }, (_, at) => id(at)) }

/** Its number, what it is, what the gates say, and what they must say. */
type Case = readonly [number, string, () => string, string]

const carols = (question?: Question) => judge(octetsOf(toCarol, toBob, toAlice), question)
const judged =
  (chain: () => readonly Writecap[], question?: Question): (() => string) =>
  () =>
    judge(octetsOf(...chain()), question)
const forged =
  (octets: () => Uint8Array): (() => string) =>
  () =>
    judge(octets())

const named = (number: number, name: string, fault: string): Case => [
  number,
  `the name ${JSON.stringify(name)}`,
  () => {
    const check = checkName(name)
    return check.ok ? 'ok' : check.fault.code
  },
  fault,
]
const folderKey = new Uint8Array(32).fill(7)
const opened = (sealed: Bytes): string => (openName(folderKey, id(3), sealed) === null ? 'unopened' : 'ok')
const sealedOctets = (octets: Uint8Array): Bytes => {
  const padded = new Uint8Array(32)
  padded.set([0, octets.length, ...octets])
  return wrapKey(folderKey, padded, id(3), new Uint8Array(24))
}

const withLastOctet = (path: IdPath, octet: number): IdPath =>
  childPath(parentPath(path)!, Uint8Array.from(path.ids.at(-1)!).fill(octet, 15))
const boxes = childPath(ownersRoot, systemBlockId('apps'))
const inScope = (scope: Item): Uint8Array => withField(at.scope, scope)
const scopeItem = (component: Item): Uint8Array => inScope([ownersTree, [id(1), component]])
const treeItem = (treeId: Item): Uint8Array => inScope([treeId, [id(1), id(2)]])

/** The owner of another tree: signs as root, and stands in no set of this one. */
const otherRecovery = recoveryFromEntropy(new Uint8Array(16).fill(66))
const byOtherRoot = (): Writecap => ({
  ...toAlice,
  signature: byRecovery(recoverySign(otherRecovery.signingSecret, writecapDomain, toAlice.body)),
})
const bySet = (setHash: Bytes) => reissued(toAlice, 'recovery', { issuer: { tag: 'root', value: { setHash } } })
const byRecovery = (signature: Bytes): WritecapSignature => ({
  tag: 'root',
  value: { tag: 'recovery', value: { signature } },
})
const byPasskey = (change: AnswerChange): Writecap => ({
  ...toAlice,
  signature: signatureOf('passkey', toAlice.body, writecapDomain, change),
})
const octetsOfRoot = ({ signature }: Writecap): Bytes =>
  signature.tag === 'root' ? signature.value.value.signature : (signature.value as Bytes)
const cardsSignature = (): Bytes => octetsOfRoot(grant('recovery', alice))

/** Carol's body and signature, of which the body was changed on the way. */
const changedInTransit = (change: Partial<WritecapBody>): Uint8Array =>
  octetsOf({ ...toCarol, body: writecapBody({ ...toCarol, ...change }) }, toBob, toAlice)

const passkeyPoint = ownersSet.members[0]!.publicKey
const rightsOctets = '0f'
const expiryOctets = '1b000001d1a94a2000'
const expiryAsFloat = 'fb427d1a94a2000000'
const resized = (octets: Bytes, sizeBytes: number): Bytes => concat(octets, octets).slice(0, sizeBytes)
const der = (compact: Bytes): Bytes => p256.Signature.fromBytes(compact).toBytes('der')

const issuedToPrincipal = (holder: Bytes) => [toCarol, reissued(toBob, alice, { holder }), toAlice]
const bobsPrincipal = (octets: Uint8Array): Bytes => digest('blocktree/1/principal', octets)
const longer = (count: number, link: Item = writecapWire.pack(toAlice)): Uint8Array =>
  cborEncode(Array.from({ length: count }, () => link))
const nested = (depth: number): Uint8Array => concat(new Uint8Array(depth).fill(0x81), Uint8Array.of(0x80))

const cases: readonly Case[] = [
  [
    1,
    'a sibling whose id begins like the scope’s',
    () => carols({ path: withLastOctet(mail, 25) }),
    'pathOutsideScope',
  ],
  [2, 'the parent of the scope', () => carols({ path: parentPath(mail)! }), 'pathOutsideScope'],
  [2, 'the root block', () => carols({ path: ownersRoot }), 'pathOutsideScope'],
  named(3, '.', 'nameEmpty'),
  named(3, '..', 'nameEmpty'),
  named(3, 'a/../c', 'nameInvalid'),
  [3, 'a component of two dots', forged(() => scopeItem(utf8('..'))), 'formatMismatch'],
  [3, 'a component of two dots as text', forged(() => scopeItem('..')), 'formatMismatch'],
  named(4, '', 'nameEmpty'),
  named(4, 'a//b', 'nameInvalid'),
  named(4, 'a/', 'nameInvalid'),
  named(4, '//a', 'nameInvalid'),
  [4, 'a name of blanks', () => (nameFromPerson('  ').ok ? 'ok' : 'nameEmpty'), 'nameEmpty'],
  [4, 'an empty component', forged(() => scopeItem(new Uint8Array(0))), 'formatMismatch'],
  named(5, 'u\u0308ber', 'nameInvalid'),
  [
    5,
    'a name sealed in another form',
    () => opened(sealText(folderKey, 'u\u0308', id(3), new Uint8Array(24))),
    'unopened',
  ],
  [
    5,
    'another case',
    judged(() => [reissued(toCarol, alice, { scope: boxes, issuer: grant(alice, bob).issuer }), toAlice], {
      path: childPath(ownersRoot, systemBlockId('Apps' as 'apps')),
    }),
    'pathOutsideScope',
  ],
  ...['a\u0000', 'a\u001bb', 'a\u0085', '\u202etxt.exe', 'a\u2066b', '\u200f', 'a\u2029', '\ud800', 'a\udfff'].map(
    (name) => named(6, name, 'nameInvalid'),
  ),
  named(6, 'x'.repeat(256), 'nameTooLong'),
  [
    6,
    'a sealed name with a bidi override',
    () => opened(sealText(folderKey, '\u202eb', id(3), new Uint8Array(24))),
    'unopened',
  ],
  [6, 'a sealed name in over-long UTF-8', () => opened(sealedOctets(Uint8Array.of(0xc0, 0xaf))), 'unopened'],
  [
    6,
    'a sealed name with a surrogate in UTF-8',
    () => opened(sealedOctets(Uint8Array.of(0xed, 0xa0, 0x80))),
    'unopened',
  ],
  ...['a%2Fb', 'a%2fb', '..%2F', 'a%5Cb', 'a%5cb', 'a\\b'].map((name) => named(7, name, 'nameInvalid')),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty'].flatMap((key): Case[] => [
    [8, `an issuer of the kind ${key}`, forged(() => withField(at.issuer, [key, [0]])), 'formatMismatch'],
    [8, `a signature of the kind ${key}`, forged(() => withSignature(carolsSignature(), key)), 'formatMismatch'],
    [8, `a record of the kind ${key}`, forged(() => withField(at.kind, key)), 'formatMismatch'],
  ]),
  [
    9,
    'the same place in another tree',
    () => carols({ path: { treeId: new Uint8Array(32).fill(5), ids: letter.ids } }),
    'pathOutsideScope',
  ],
  [
    9,
    'a scope in another tree',
    judged(() => [
      reissued(toCarol, bob, { scope: { treeId: new Uint8Array(32).fill(5), ids: mail.ids } }),
      toBob,
      toAlice,
    ]),
    'pathOutsideScope',
  ],
  [10, 'a fingerprint of 31 octets', forged(() => treeItem(ownersTree.slice(0, 31))), 'formatMismatch'],
  [10, 'a fingerprint of 16 octets', forged(() => treeItem(ownersTree.slice(0, 16))), 'formatMismatch'],
  [10, 'a fingerprint with an octet more', forged(() => treeItem(concat(ownersTree, id(0)))), 'formatMismatch'],
  [10, 'a fingerprint in hexadecimal', forged(() => treeItem(toHex(ownersTree))), 'formatMismatch'],
  [10, 'in upper case', forged(() => treeItem(toHex(ownersTree).toUpperCase())), 'formatMismatch'],
  [10, 'in hexadecimal as octets', forged(() => treeItem(utf8(toHex(ownersTree)))), 'formatMismatch'],
  [10, 'in base64url', forged(() => treeItem(toBase64url(ownersTree))), 'formatMismatch'],
  [11, 'now is the expiry', () => carols({ nowMs: endMs }), 'writecapExpired'],
  [12, 'now is one millisecond later', () => carols({ nowMs: endMs + 1 }), 'writecapExpired'],
  [
    12,
    'the leaf alone has expired',
    judged(() => [grant(bob, carol, { scope: mail, expiresAtMs: nowMs - 1 }), toBob, toAlice]),
    'writecapExpired',
  ],
  [
    12,
    'all but the root’s grant have expired',
    judged(() => [
      grant(bob, carol, { scope: mail, expiresAtMs: nowMs }),
      grant(alice, bob, { scope: mail, expiresAtMs: nowMs }),
      toAlice,
    ]),
    'writecapExpired',
  ],
  [
    12,
    'a fresh leaf under a middle that expired',
    judged(() => [toCarol, grant(alice, bob, { scope: mail, expiresAtMs: nowMs - 1 }), toAlice]),
    'expiryWidened',
  ],
  [
    12,
    'fresh links under a root’s grant that expired',
    judged(() => [toCarol, toBob, grant('passkey', alice, { expiresAtMs: nowMs - 1 })]),
    'expiryWidened',
  ],
  [
    13,
    'an expiry in seconds',
    judged(() => [grant(bob, carol, { scope: mail, expiresAtMs: endMs / 1000 }), toBob, toAlice]),
    'writecapExpired',
  ],
  [13, 'an expiry below zero', forged(() => withField(at.expiresAtMs, -1)), 'formatMismatch'],
  [13, 'no number', forged(() => withField(at.expiresAtMs, Number.NaN)), 'formatInvalid'],
  [13, 'without end', forged(() => withField(at.expiresAtMs, Number.POSITIVE_INFINITY)), 'formatInvalid'],
  [13, 'a broken number', forged(() => withField(at.expiresAtMs, endMs + 0.5)), 'formatMismatch'],
  [13, '2^53', forged(() => rewritten(expiryOctets, '1b 00 20 00 00 00 00 00 00')), 'formatInvalid'],
  [13, '2^53 + 1', forged(() => rewritten(expiryOctets, '1b 00 20 00 00 00 00 00 01')), 'formatInvalid'],
  [13, '2^64 - 1', forged(() => rewritten(expiryOctets, '1b ff ff ff ff ff ff ff ff')), 'formatInvalid'],
  [13, '2^64', forged(() => rewritten(expiryOctets, 'c2 49 01 00 00 00 00 00 00 00 00')), 'formatInvalid'],
  [15, 'in reverse', judged(() => [toAlice, toBob, toCarol]), 'issuerNotHolder'],
  [15, 'the first two in each other’s place', judged(() => [toBob, toCarol, toAlice]), 'issuerNotHolder'],
  [15, 'the last two in each other’s place', judged(() => [toCarol, toAlice, toBob]), 'issuerNotHolder'],
  [16, 'the middle is left out', judged(() => [toCarol, toAlice]), 'issuerNotHolder'],
  [17, 'a foreign link in front', judged(() => [grant(mallory, alice), toCarol, toBob, toAlice]), 'issuerNotHolder'],
  [17, 'in the middle', judged(() => [toCarol, grant(mallory, bob), toBob, toAlice]), 'issuerNotHolder'],
  [17, 'at the end', judged(() => [toCarol, toBob, toAlice, grant(mallory, mallory)]), 'issuerNotHolder'],
  [18, 'no link', judged(() => []), 'chainLength'],
  [19, 'it ends with who grants to himself', judged(() => [grant(mallory, mallory)]), 'issuerNotOwner'],
  [
    19,
    'below such a one',
    judged(() => [grant(mallory, carol, { scope: mail }), grant(mallory, mallory)]),
    'issuerNotOwner',
  ],
  [19, 'with the root of another tree', judged(() => [byOtherRoot()]), 'signatureInvalid'],
  [19, 'with a root that the tree never had', judged(() => [bySet(new Uint8Array(32))]), 'credentialSetUnknown'],
  [20, 'it ends at a node', judged(() => [toCarol, toBob]), 'issuerNotOwner'],
  [21, 'who grants to himself in the middle', judged(() => [toBob, grant(alice, alice), toAlice]), 'holderRepeated'],
  [
    21,
    'the root signs in the middle',
    judged(() => [grant('recovery', bob, { scope: mail }), toAlice]),
    'issuerNotHolder',
  ],
  [22, 'two that grant to each other', judged(() => [grant(bob, alice), grant(alice, bob)]), 'issuerNotOwner'],
  [
    22,
    'that come round again',
    judged(() => [grant(bob, alice), grant(alice, bob), grant(bob, alice), grant(alice, bob)]),
    'holderRepeated',
  ],
  [
    22,
    'that come round on the way to the owner',
    judged(() => [grant(bob, alice), grant(alice, bob), toAlice]),
    'holderRepeated',
  ],
  [23, 'the same link twice', judged(() => [toCarol, toCarol, toBob, toAlice]), 'issuerNotHolder'],
  [
    23,
    'the same link twice, which grants to its issuer',
    judged(() => [toBob, grant(alice, alice), grant(alice, alice), toAlice]),
    'holderRepeated',
  ],
  ...[9, 100].map((count): Case => [24, `${count} links`, forged(() => longer(count)), 'chainLength']),
  [24, 'nine good links', forged(() => cborEncode(chainOf(9).map(writecapWire.pack))), 'chainLength'],
  [24, '10,000 links of one octet', forged(() => longer(10_000, 0)), 'chainLength'],
  [24, '10,000 links', forged(() => longer(10_000)), 'formatTooLong'],
  [24, 'links within links', forged(() => nested(20_000)), 'formatInvalid'],
  [24, 'one list too many within another', forged(() => nested(32)), 'formatInvalid'],
  [24, 'as many lists within each other as are read', forged(() => nested(31)), 'formatMismatch'],
  [24, 'a link within a link', forged(() => cborEncode([carolsItem()])), 'formatMismatch'],
  [25, 'a chain over its limit', forged(() => new Uint8Array(chainSizeBytesMax + 1)), 'formatTooLong'],
  [25, 'a body over its limit', forged(() => withBody(new Uint8Array(writecapSizeBytesMax + 1))), 'formatTooLong'],
  [
    25,
    'client data over its limit',
    forged(() => withAnswer(inAnswer.clientDataJson, () => new Uint8Array(1025))),
    'formatTooLong',
  ],
  [
    25,
    'authenticator data over its limit',
    forged(() => withAnswer(inAnswer.authenticatorData, () => new Uint8Array(257))),
    'formatTooLong',
  ],
  [
    25,
    'a scope over the deepest',
    forged(() => inScope([ownersTree, Array.from({ length: 65 }, () => id(1))])),
    'formatTooLong',
  ],
  ...['5a80000000', '5affffffff', '5b0000000100000000', '5b0020000000000000', '5bffffffffffffffff'].flatMap(
    (head): Case[] => [
      [25, `octets of length ${head.slice(2)}`, forged(() => hex(`81${head}`)), 'formatInvalid'],
      [25, `a list of length ${head.slice(2)}`, forged(() => hex(head.replace('5', '9'))), 'formatInvalid'],
      [
        25,
        `lists of length ${head.slice(2)} in each other`,
        forged(() => hex(head.replace('5', '9').repeat(1000))),
        'formatInvalid',
      ],
    ],
  ),
  [
    26,
    'issued to another than signs',
    judged(() => issuedToPrincipal(principalOf(mallory.credential))),
    'issuerNotHolder',
  ],
  [
    27,
    'a principal over the signing key alone',
    judged(() => issuedToPrincipal(bobsPrincipal(bob.credential.signingKey))),
    'issuerNotHolder',
  ],
  [
    27,
    'a principal without suite and version',
    judged(() => issuedToPrincipal(bobsPrincipal(cborEncode([bob.credential.signingKey, bob.credential.kemKey])))),
    'issuerNotHolder',
  ],
  [
    27,
    'a principal of another suite',
    judged(() =>
      issuedToPrincipal(
        bobsPrincipal(cborEncode(['credential', 1, 2, bob.credential.signingKey, bob.credential.kemKey])),
      ),
    ),
    'issuerNotHolder',
  ],
  [
    27,
    'cut to its half',
    forged(() => withField(at.holder, principalOf(carol.credential).slice(0, 16))),
    'formatMismatch',
  ],
  [
    28,
    'an X25519 key as the signer',
    forged(() => withIssuer(inCredential.signingKey, bob.credential.kemKey)),
    'keyInvalid',
  ],
  [
    28,
    'a key of P-256 as the signer',
    forged(() => withIssuer(inCredential.signingKey, passkeyPoint)),
    'formatMismatch',
  ],
  [
    28,
    'its x-coordinate as the signer',
    forged(() => withIssuer(inCredential.signingKey, passkeyPoint.slice(1))),
    'keyInvalid',
  ],
  ...[0, 2].map((suite): Case => [
    28,
    `suite ${suite}`,
    forged(() => withIssuer(inCredential.suite, suite)),
    'suiteUnknown',
  ]),
  [
    28,
    'the root’s signature of what a node signs',
    judged(() => [{ ...toCarol, signature: signatureOf('recovery', toCarol.body) }, toBob, toAlice]),
    'issuerMismatch',
  ],
  [
    28,
    'a node’s signature of what the root signs',
    judged(() => [{ ...toAlice, signature: signatureOf(alice, toAlice.body) }]),
    'issuerMismatch',
  ],
  [
    28,
    'the recovery key’s signature as a passkey’s',
    forged(() => withAnswer(inAnswer.signature, cardsSignature)),
    'signatureInvalid',
  ],
  [
    28,
    'a passkey’s signature as the recovery key’s',
    judged(() => [{ ...toAlice, signature: byRecovery(octetsOfRoot(toAlice)) }]),
    'signatureInvalid',
  ],
  [
    29,
    'the signature of another grant by the same node',
    judged(() => [{ ...toCarol, signature: grant(bob, mallory).signature }, toBob, toAlice]),
    'signatureInvalid',
  ],
  [
    29,
    'the recovery key’s of another grant',
    judged(() => [{ ...grant('recovery', alice), signature: grant('recovery', bob).signature }]),
    'signatureInvalid',
  ],
  [
    29,
    'the passkey’s of another grant',
    judged(() => [{ ...toAlice, signature: grant('passkey', bob).signature }]),
    'passkeyWrongChallenge',
  ],
  [31, 'S + L', forged(() => withSignature(plusOrder(carolsSignature()))), 'signatureInvalid'],
  [
    31,
    'the recovery key’s S + L',
    judged(() => [{ ...toAlice, signature: byRecovery(plusOrder(cardsSignature())) }]),
    'signatureInvalid',
  ],
  [
    31,
    's in its upper half',
    forged(() => withAnswer(inAnswer.signature, (s) => upperHalf(s as Bytes))),
    'signatureInvalid',
  ],
  [31, 'R in a second form', forged(() => withSignature(signedWithIdentity(identityOtherwise))), 'signatureInvalid'],
  ...smallOrderKeys.map((key): Case => [
    31,
    `the key ${key.slice(0, 8)}…`,
    forged(() => withIssuer(inCredential.signingKey, hex(key))),
    'keyInvalid',
  ]),
  [
    31,
    'a key with a part of small order',
    forged(() => withIssuer(inCredential.signingKey, mixedOrderKey)),
    'keyInvalid',
  ],
  [32, 'a key of zeros', forged(() => withIssuer(inCredential.signingKey, new Uint8Array(32))), 'keyInvalid'],
  [32, 'a signature of zeros', forged(() => withSignature(new Uint8Array(64))), 'signatureInvalid'],
  [
    32,
    'a passkey’s signature of zeros',
    forged(() => withAnswer(inAnswer.signature, () => new Uint8Array(64))),
    'signatureInvalid',
  ],
  ...[0, 32, 63, 65, 128].flatMap((size): Case[] => [
    [
      33,
      `a signature of ${size} octets`,
      forged(() => withSignature(resized(carolsSignature(), size))),
      'formatMismatch',
    ],
    [
      33,
      `a passkey’s of ${size} octets`,
      forged(() => withAnswer(inAnswer.signature, (s) => resized(s as Bytes, size))),
      'formatMismatch',
    ],
  ]),
  [33, 'DER', forged(() => withAnswer(inAnswer.signature, (s) => der(s as Bytes))), 'formatMismatch'],
  [
    34,
    'signed without a domain',
    forged(() => withSignature(signEd25519(bob.secret, toCarol.body))),
    'signatureInvalid',
  ],
  ...['records', 'device', 'dismissal', 'hello', 'attestation', 'archive', 'join/request', 'takeOver'].flatMap(
    (purpose): Case[] => [
      [
        34,
        `signed as ${purpose}`,
        judged(() => [
          { ...toCarol, signature: signatureOf(bob, toCarol.body, `blocktree/1/${purpose}`) },
          toBob,
          toAlice,
        ]),
        'signatureInvalid',
      ],
      [
        34,
        `signed by the passkey as ${purpose}`,
        judged(() => [{ ...toAlice, signature: signatureOf('passkey', toAlice.body, `blocktree/1/${purpose}`) }]),
        'passkeyWrongChallenge',
      ],
    ],
  ),
  [
    34,
    'a login elsewhere',
    judged(() => [byPasskey({ client: { challenge: toBase64url(new Uint8Array(32).fill(3)) } })]),
    'passkeyWrongChallenge',
  ],
  [
    35,
    'a map of fields',
    forged(() => withBody(cborEncode(Object.fromEntries(Object.entries(carolsFields()))))),
    'formatMismatch',
  ],
  [35, 'a map with a key twice', forged(() => withBody(hex('a2 00 01 00 01'))), 'formatInvalid'],
  [
    35,
    'a number in two octets',
    forged(() => rewritten(`${rightsOctets}${expiryOctets}`, `18${rightsOctets}${expiryOctets}`)),
    'formatInvalid',
  ],
  [
    35,
    'a number in nine octets',
    forged(() => rewritten(`${rightsOctets}${expiryOctets}`, `1b 00 00 00 00 00 00 00 ${rightsOctets}${expiryOctets}`)),
    'formatInvalid',
  ],
  [35, 'a number as a float', forged(() => rewritten(expiryOctets, expiryAsFloat)), 'formatInvalid'],
  [35, 'a count in two octets', forged(() => withBody(concat(hex('98 07'), toCarol.body.slice(1)))), 'formatInvalid'],
  [
    35,
    'a list without a count',
    forged(() => withBody(concat(hex('9f'), toCarol.body.slice(1), hex('ff')))),
    'formatInvalid',
  ],
  [
    35,
    'text without a length',
    forged(() => rewritten('68777269746563617001', '7f68 7772697465636170 ff 01')),
    'formatInvalid',
  ],
  [35, 'a tag', forged(() => withBody(concat(hex('d9 d9f7'), toCarol.body))), 'formatInvalid'],
  [35, 'an octet after the body', forged(() => withBody(concat(toCarol.body, id(0)))), 'formatInvalid'],
  [
    35,
    'an octet after the chain',
    forged(() => concat(octetsOf(toCarol, toBob, toAlice), Uint8Array.of(0))),
    'formatInvalid',
  ],
  [35, 'the chain cut short', forged(() => octetsOf(toCarol, toBob, toAlice).slice(0, -1)), 'formatInvalid'],
  ...[0, 2, 255].map((version): Case => [
    36,
    `version ${version}`,
    forged(() => withField(at.version, version)),
    'versionUnknown',
  ]),
  [36, 'version 1 as text', forged(() => withField(at.version, '1')), 'formatMismatch'],
  [36, 'another kind', forged(() => withField(at.kind, 'writecaq')), 'formatMismatch'],
  [
    36,
    'a field more',
    forged(() => withBody(cborEncode([...carolsFields(), ['mustUnderstand', 1]]))),
    'formatMismatch',
  ],
  ...Object.entries(at).flatMap(([field, position]): Case[] => [
    [
      37,
      `without ${field}`,
      forged(() => withBody(cborEncode(carolsFields().toSpliced(position, 1)))),
      'formatMismatch',
    ],
    [37, `${field} null`, forged(() => withField(position, null)), 'formatMismatch'],
    [37, `${field} of another type`, forged(() => withField(position, true)), 'formatMismatch'],
    [
      37,
      `${field} twice`,
      forged(() => withBody(cborEncode(carolsFields().toSpliced(position, 0, carolsFields()[position])))),
      'formatMismatch',
    ],
  ]),
  [
    37,
    'two links in the place of one',
    forged(() => cborEncode([[...(carolsItem()[0] as Item[]), carolsItem()[1]], carolsItem()[2]])),
    'formatMismatch',
  ],
  [38, 'a wider scope', forged(() => changedInTransit({ scope: ownersRoot })), 'signatureInvalid'],
  [38, 'more rights', forged(() => changedInTransit({ rights: allRights | 16 })), 'signatureInvalid'],
  [38, 'more time', forged(() => changedInTransit({ expiresAtMs: endMs - 1 })), 'signatureInvalid'],
  [
    38,
    'another holder',
    forged(() => changedInTransit({ holder: principalOf(mallory.credential) })),
    'signatureInvalid',
  ],
  [
    39,
    'the leaf holds the block, its issuer’s grant does not',
    judged(() => [grant(bob, carol), toBob, toAlice], { path: childPath(ownersRoot, id(9)) }),
    'pathOutsideScope',
  ],
  [
    39,
    'nor does the root’s',
    judged(() => [toCarol, toBob, grant('recovery', alice, { scope: childPath(ownersRoot, id(9)) })]),
    'pathOutsideScope',
  ],
  [
    40,
    'an issuer whose time had ended when it granted',
    judged(() => [toCarol, grant(alice, bob, { scope: mail, expiresAtMs: nowMs - 1000 }), toAlice]),
    'expiryWidened',
  ],
]

test.each(cases)('%i, %s', (_number, _name, verdict, fault) => expect(verdict()).toBe(fault))

test('each number has its cases: 14 needs a tree, 30 is every bit', () => {
  const numbers = new Set(cases.map(([number]) => number))
  const expected = Array.from({ length: 40 }, (_, at) => at + 1).filter((number) => number !== 14 && number !== 30)
  expect([...numbers].toSorted((one, other) => one - other)).toEqual(expected)
})

test('what is too long is refused before any signature is verified', () => {
  let count = 0
  const verify = () => ++count > 0
  for (const octets of [longer(9), longer(10_000), new Uint8Array(chainSizeBytesMax + 1)])
    expect(judge(octets, {}, verify)).not.toBe('ok')
  expect(count).toBe(0)
})

const inTheirOrder = [
  ...['signatureInvalid', 'issuerNotHolder', 'pathOutsideScope', 'writecapExpired', 'issuerNotOwner', 'rightMissing'],
  'ok',
]
test.each(inTheirOrder)('where all is wrong from there on: %s', (fault) => {
  const isWrong = (rule: string) => inTheirOrder.indexOf(rule) >= inTheirOrder.indexOf(fault) && fault !== 'ok'
  const granted = isWrong('rightMissing') ? allRights & ~rights.lock : allRights
  const leaf = grant(isWrong('issuerNotHolder') ? carol : alice, bob, { scope: mail, rights: granted })
  const top = grant(isWrong('issuerNotOwner') ? mallory : 'passkey', alice)
  const signature = isWrong('signatureInvalid') ? toCarol.signature : leaf.signature
  const question = {
    path: isWrong('pathOutsideScope') ? ownersRoot : letter,
    nowMs: isWrong('writecapExpired') ? endMs : nowMs,
    right: rights.lock,
  }
  expect(judge(octetsOf({ ...leaf, signature }, top), question)).toBe(fault)
})

// --- what design §4 asks of an assertion -----------------------------------------------------------------------------------

const answers: readonly (readonly [string, AnswerChange, string])[] = [
  ['of another type', { client: { type: 'webauthn.create' } }, 'passkeyMalformed'],
  ['to another challenge', { client: { challenge: toBase64url(toAlice.hash) } }, 'passkeyWrongChallenge'],
  ['to a challenge with padding', { client: { challenge: `${toBase64url(toAlice.hash)}=` } }, 'passkeyWrongChallenge'],
  ['for another host', { rpId: `evil.${host}` }, 'passkeyWrongHost'],
  ['on another origin', { client: { origin: `https://evil.${host}` } }, 'passkeyWrongOrigin'],
  ['on the same host without TLS', { client: { origin: `http://${host}` } }, 'passkeyWrongOrigin'],
  ['without a user', { flags: userVerified }, 'passkeyNotVerified'],
  ['without verifying the user', { flags: userPresent }, 'passkeyNotVerified'],
  ['inside another site', { client: { crossOrigin: true } }, 'passkeyCrossOrigin'],
  ['below another site', { client: { topOrigin: 'https://other.example' } }, 'passkeyCrossOrigin'],
  ['with a new credential', { flags: userPresent | userVerified | 0x40 }, 'passkeyMalformed'],
  ['with octets that no flag announces', { tail: Uint8Array.of(0) }, 'passkeyMalformed'],
  ['that is no JSON', { clientText: '{' }, 'passkeyMalformed'],
]
test.each(answers)('a passkey’s answer %s', (_name, change, fault) =>
  expect(judge(octetsOf(toCarol, toBob, byPasskey(change)))).toBe(fault),
)
test('a passkey that is no member', () =>
  expect(judge(withAnswer(inAnswer.memberIndex, () => 1))).toBe('passkeyUnknown'))

// --- grants that the root signed together ----------------------------------------------------------------------------------

const three = ['passkey', 'recovery'].map((signer) => grantAll(signer as 'passkey', [alice, mallory, bob]))
const [byFinger, byWords] = three as [readonly Writecap[], readonly Writecap[]]
type Part = Extract<WritecapSignature, { tag: 'together' }>['value']
const partOf = ({ signature }: Writecap): Part => {
  if (signature.tag !== 'together')
    throw new Error(`expected a grant that was signed with others, got ${signature.tag}`)
  return signature.value
}
const withPart = (link: Writecap, change: Partial<Part>): Writecap => ({
  ...link,
  signature: { tag: 'together', value: { ...partOf(link), ...change } },
})
/** The chain of Carol, whose last link is this. */
const under = (top: () => Writecap) => judged(() => [toCarol, toBob, top()])
const way = () => partOf(byWords[0]!).way
function longWay(): Uint8Array {
  const [body, [tag, [signature, count, index]]] = writecapWire.pack(byWords[0]!) as never as [Item, [Item, Item[]]]
  return cborEncode([[body, [tag, [signature, count, index, Array.from({ length: 7 }, () => way()[0]!)]]]])
}

test.each<readonly [string, () => string, string]>([
  ['the part of another, by the card', under(() => withPart(byWords[0]!, partOf(byWords[1]!))), 'signatureInvalid'],
  [
    'the part of another, by a passkey',
    under(() => withPart(byFinger[0]!, partOf(byFinger[1]!))),
    'passkeyWrongChallenge',
  ],
  ['another place among them', under(() => withPart(byWords[0]!, { index: 1 })), 'signatureInvalid'],
  ['a place behind the last', under(() => withPart(byWords[0]!, { index: 3 })), 'signatureInvalid'],
  ['one more of them', under(() => withPart(byWords[0]!, { count: 4 })), 'signatureInvalid'],
  ['none of them', under(() => withPart(byWords[0]!, { count: 0 })), 'signatureInvalid'],
  ['one alone', under(() => withPart(byWords[0]!, { count: 1, way: [] })), 'signatureInvalid'],
  ['more than there may be', under(() => withPart(byWords[0]!, { count: 65 })), 'signatureInvalid'],
  ['a way that is too short', under(() => withPart(byWords[0]!, { way: way().slice(1) })), 'signatureInvalid'],
  ['a way that is too long', under(() => withPart(byWords[0]!, { way: [...way(), way()[0]!] })), 'signatureInvalid'],
  ['a way that turns', under(() => withPart(byWords[0]!, { way: way().toReversed() })), 'signatureInvalid'],
  ['a longer way than any has', forged(longWay), 'formatTooLong'],
  [
    'the word on one grant as that on several',
    under(() => withPart(byWords[0]!, { signature: grant('recovery', alice).signature.value as Part['signature'] })),
    'signatureInvalid',
  ],
  [
    'the word on several as that on one',
    under(() => ({ ...byWords[0]!, signature: { tag: 'root', value: partOf(byWords[0]!).signature } })),
    'signatureInvalid',
  ],
  [
    'by a passkey, too',
    under(() => ({ ...byFinger[0]!, signature: { tag: 'root', value: partOf(byFinger[0]!).signature } })),
    'passkeyWrongChallenge',
  ],
  ['a node as the issuer', judged(() => [{ ...toBob, signature: byWords[0]!.signature }, toAlice]), 'issuerMismatch'],
  [
    'a root that the tree never had',
    under(() => ({
      ...byWords[0]!,
      body: writecapBody({ ...byWords[0]!, issuer: { tag: 'root', value: { setHash: new Uint8Array(32) } } }),
    })),
    'credentialSetUnknown',
  ],
  [
    'more time, written in on the way',
    under(() => ({ ...byWords[0]!, body: writecapBody({ ...byWords[0]!, expiresAtMs: endMs + 1 }) })),
    'signatureInvalid',
  ],
  ['in the middle', judged(() => [byWords[2]!, byWords[0]!]), 'issuerNotHolder'],
  [
    'without verifying the user',
    under(() => grantAll('passkey', [alice, bob], {}, { flags: userPresent })[0]!),
    'passkeyNotVerified',
  ],
  ['that have expired', under(() => grantAll('passkey', [alice, bob], { expiresAtMs: nowMs })[0]!), 'expiryWidened'],
])('signed together: %s', (_name, verdict, fault) => expect(verdict()).toBe(fault))

test.each([2, 3, 64])('taken: each of %i grants that were signed together', (count) => {
  const holders = Array.from({ length: count }, (_, at) => person(10 + at))
  for (const signer of ['passkey', 'recovery'] as const)
    expect(grantAll(signer, holders).map((link) => judge(octetsOf(link)))).toEqual(holders.map(() => 'ok'))
})
test.each([1, 65])('refused: though the root has signed it, one of %i', (count) => {
  const holders = [...Array.from({ length: count - 1 }, (_, at) => person(10 + at)), alice]
  const bodies = holders.map((holder) => bodyOf('recovery', holder))
  const { root, proofs } = proveLeaves(bodies.map(writecapHash))
  const { value } = signatureOf('recovery', concat(Uint8Array.of(count), root), 'blocktree/1/writecaps')
  const part = { signature: value as Part['signature'], count, index: count - 1, way: proofs[count - 1]! }
  const top = { ...toAlice, body: bodies[count - 1]!, signature: { tag: 'together' as const, value: part } }
  expect(under(() => top)()).toBe('signatureInvalid')
})
test('more than 64 are signed one after the other', () => {
  const holders = Array.from({ length: 65 }, (_, at) => person(10 + at))
  expect(() => grantAll('recovery', holders)).toThrow('"hashes" expected 2..64, got 65')
})
test('one that is given alone is signed alone', () =>
  expect(grantAll('recovery', [alice])).toEqual([grant('recovery', alice)]))

// --- rights ----------------------------------------------------------------------------------------------------------------

const withRights = (leaf: number, middle: number, top: number) => [
  grant(bob, carol, { rights: leaf }),
  grant(alice, bob, { rights: middle }),
  grant('passkey', alice, { rights: top }),
]
test.each<readonly [string, readonly number[], number, string]>([
  ['a leaf that may not', [rights.grant, allRights, allRights], rights.write, 'rightMissing'],
  ['an issuer that may grant, and not that', [allRights, rights.grant, allRights], rights.write, 'rightMissing'],
  ['nor the first issuer', [allRights, allRights, rights.grant | rights.lock], rights.write, 'rightMissing'],
  ['an issuer that may not grant', [allRights, allRights & ~rights.grant, allRights], rights.write, 'grantMissing'],
  ['a first issuer that may not grant', [allRights, allRights, rights.write], rights.write, 'grantMissing'],
  ['one of two rights', [rights.write, allRights, allRights], rights.write | rights.lock, 'rightMissing'],
  ['no right at all', [0, allRights, allRights], rights.write, 'rightMissing'],
])('rights: %s', (_name, [leaf, middle, top], right, fault) =>
  expect(judge(octetsOf(...withRights(leaf!, middle!, top!)), { right })).toBe(fault),
)

// --- what must be taken ----------------------------------------------------------------------------------------------------

test.each<readonly [string, () => string]>([
  ['the exact path of the scope', () => carols({ path: mail })],
  ['one link', judged(() => [toAlice])],
  ['one link, by the recovery key', judged(() => [grant('recovery', alice)])],
  ['two links', judged(() => [toBob, toAlice])],
  ['as many links as there may be', judged(() => chainOf(8))],
  ['one millisecond before the expiry', () => carols({ nowMs: endMs - 1 })],
  ['a grant wider than the leaf', () => carols()],
  ['a leaf wider than its issuer’s grant', judged(() => [grant(bob, carol), toBob, toAlice])],
  [
    'a right that nobody knows',
    judged(() => [grant(bob, carol, { rights: rights.write | (2 ** 40) }), toBob, toAlice]),
  ],
  ['client data that nobody knows', judged(() => [byPasskey({ client: { other_keys_can_be_added_here: 'yes' } })])],
  ['an answer with extensions', judged(() => [byPasskey({ flags: 0x85, tail: Uint8Array.of(0xa0) })])],
  ['all four rights at once', () => carols({ right: allRights })],
  ['the deepest scope', judged(() => [grant('passkey', alice, { scope: deepest })], { path: deepest })],
  ['R of small order in its one form', forged(() => withSignature(signedWithIdentity(identity)))],
])('taken: %s', (_name, verdict) => expect(verdict()).toBe('ok'))

test('taken: names with a composed character, in 255 octets, and with meanings elsewhere', () => {
  const names = ['\u00fcber', `\u00fc${'x'.repeat(253)}`, '__proto__', 'constructor', '...', '100%', '%2', 'CON']
  for (const name of names) {
    expect(checkName(name)).toEqual({ ok: true })
    expect(openName(folderKey, id(3), sealText(folderKey, name, id(3), new Uint8Array(24)))).toBe(name)
  }
})
