/**
 * Checking chains of writecaps that were never met before, against nothing but the signatures that they need.
 *
 * Ours begins with octets: each chain is decoded, its claims are made, verified by the crypto port and judged by the rules. The
 * baseline gives the same claims to the same port. A chain has three links, two signed by nodes and one by a passkey. No node signs
 * twice, so both sides also check every key by the one verdict.
 * @module
 */
import { type Bytes, concat, encode, must, toBase64url, utf8 } from '../core/bytes/bytes.ts'
import {
  type Claim,
  type CredentialSet,
  type PublicCredential,
  ed25519Message,
  lowS,
  principalOf,
  recoveryFromEntropy,
  rootChallenge,
  sha256,
  treeIdOf,
} from '../core/crypto/crypto.ts'
import {
  type Issuer,
  type Writecap,
  type WritecapSignature,
  allRights,
  chainWire,
  checkRight,
  checkWritecap,
  checkedWhere,
  claimsOfChain,
  decodeChain,
  rights,
  writecapBody,
  writecapDomain,
  writecapOf,
} from '../core/cap/cap.ts'
import { childPath, rootPath } from '../core/path/path.ts'
import { createCrypto } from '../edge/crypto/crypto.ts'
import { createRandom } from '../edge/random/random.ts'
import { type Comparison, alternate, median } from './alternate.ts'

/** In as many rounds; each round has chains of its own. */
const roundCount = 10
const chainCountPerRound = 1000
/** Verified at once, as those of a batch are. */
const chainCountPerCall = 50

const random = createRandom()
const crypto = createCrypto()
const { subtle } = globalThis.crypto

interface Given {
  readonly octets: Bytes
  readonly claims: readonly Claim[]
}

export async function checkChains(): Promise<Comparison> {
  const root = await makeRoot()
  const rounds: Given[][] = []
  for (let round = 0; round < roundCount; round++) {
    const chains: Given[] = []
    for (let at = 0; at < chainCountPerRound; at++)
      chains.push(await makeChain(root, await makeNode(), await makeNode()))
    rounds.push(chains)
  }
  let [ourRound, baselineRound] = [0, roundCount >> 1]
  const times = await alternate(
    { work: () => inCalls(rounds[ourRound++ % roundCount]!, (given) => checkAll(root, given)) },
    // Half of all chains lie between the two, so neither finds what the other left in a memo.
    { work: () => inCalls(rounds[baselineRound++ % roundCount]!, verifyAll) },
    roundCount,
  )
  const bareMs: number[] = []
  for (const round of rounds) {
    const startMs = performance.now()
    await inCalls(round, (given) => verifyBare(root, given))
    bareMs.push(performance.now() - startMs)
  }
  const ours = (chainCountPerRound * 1000) / times.oursMs
  const bareShare = (ours * median(bareMs)) / (chainCountPerRound * 1000)
  return {
    ours,
    baseline: (chainCountPerRound * 1000) / times.baselineMs,
    note:
      `${roundCount * chainCountPerRound} chains; baseline: the same 3 signatures by the same port, each key checked by the one ` +
      `verdict; of importKey and verify of WebCrypto, which takes keys of small order, ${bareShare.toFixed(2)}`,
  }
}

async function inCalls(chains: readonly Given[], work: (given: readonly Given[]) => Promise<void>): Promise<void> {
  for (let at = 0; at < chains.length; at += chainCountPerCall) await work(chains.slice(at, at + chainCountPerCall))
}

const nowMs = Date.now()

async function checkAll({ set, treeId }: Root, given: readonly Given[]): Promise<void> {
  const chains = given.map(({ octets }) => must(decodeChain(octets)))
  const claims = chains.map((chain) => must(claimsOfChain(chain, () => set)))
  const verdicts = await crypto.verify(claims.flat())
  let at = 0
  for (const [index, chain] of chains.entries()) {
    const checked = must(checkedWhere(chain, verdicts.slice(at, (at += claims[index]!.length))))
    const isValid = checkWritecap(checked, chain[0]!.scope, treeId, nowMs).ok && checkRight(checked, rights.write).ok
    if (!isValid) throw new Error('a good chain was refused')
  }
}

async function verifyAll(given: readonly Given[]): Promise<void> {
  const verdicts = await crypto.verify(given.flatMap(({ claims }) => claims))
  if (!verdicts.every(Boolean)) throw new Error('a good signature was refused')
}

/** Without any check of the keys themselves, and without a name by which a verdict is found again. */
async function verifyBare({ verifyKey }: Root, given: readonly Given[]): Promise<void> {
  const verdicts = given.flatMap(({ claims }) =>
    claims.map(async ({ algorithm, publicKey, signature, message }) => {
      if (algorithm !== 'ed25519') return subtle.verify(es256Signature, verifyKey, signature, message)
      const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify'])
      return subtle.verify('Ed25519', key, signature, message)
    }),
  )
  if (!(await Promise.all(verdicts)).every(Boolean)) throw new Error('a good signature was refused')
}

// --- making them -------------------------------------------------------------------------------------------------------------

interface Node {
  readonly credential: PublicCredential
  readonly key: CryptoKey
}
async function makeNode(): Promise<Node> {
  const { privateKey, publicKey } = (await subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair
  const signingKey = new Uint8Array(await subtle.exportKey('raw', publicKey))
  return { credential: { suite: 1, signingKey, kemKey: random.bytes(32) }, key: privateKey }
}

interface Root {
  readonly set: CredentialSet
  readonly treeId: Bytes
  readonly key: CryptoKey
  readonly verifyKey: CryptoKey
}
const origin = 'https://tree.example'
const rpIdHash = sha256(utf8('tree.example'))

async function makeRoot(): Promise<Root> {
  const { privateKey, publicKey } = await subtle.generateKey(es256, true, ['sign', 'verify'])
  const point = new Uint8Array(await subtle.exportKey('raw', publicKey))
  const compressed = concat(Uint8Array.of(2 + (point[64]! & 1)), point.subarray(1, 33))
  const recovery = recoveryFromEntropy(random.bytes(16))
  const set: CredentialSet = {
    sequence: 0,
    members: [{ credentialId: random.bytes(16), publicKey: compressed, synced: true }],
    rpIdHash,
    origins: [origin],
    rootKemKey: random.bytes(32),
    recoveryKey: recovery.signingPublicKey,
    nextRecoveryHash: recovery.nextPublicKeyHash,
    previousHash: null,
  }
  return { set, treeId: treeIdOf(set), key: privateKey, verifyKey: publicKey }
}
const es256 = { name: 'ECDSA', namedCurve: 'P-256' }
const es256Signature = { name: 'ECDSA', hash: 'SHA-256' }

/** The root lets one node in, that one another, and that one a stranger. */
async function makeChain(root: Root, upper: Node, lower: Node): Promise<Given> {
  const [top, middle] = [rootPath(root.treeId), childPath(rootPath(root.treeId), random.bytes(16))]
  const grant = async (
    scope: typeof top,
    holder: Bytes,
    issuer: Issuer,
    sign: (body: Bytes) => Promise<WritecapSignature>,
  ): Promise<Writecap> => {
    const body = writecapBody({ scope, holder, rights: allRights, expiresAtMs: nowMs + 1e9, issuer })
    return must(writecapOf(body, await sign(body)))
  }
  const byNode = ({ credential, key }: Node, holder: Bytes): Promise<Writecap> =>
    grant(middle, holder, { tag: 'node', value: credential }, async (body) => ({
      tag: 'node',
      value: new Uint8Array(await subtle.sign('Ed25519', key, ed25519Message(writecapDomain, body))),
    }))
  const chain = await Promise.all([
    byNode(lower, random.bytes(32)),
    byNode(upper, principalOf(lower.credential)),
    grant(top, principalOf(upper.credential), { tag: 'root', value: { setHash: root.treeId } }, (body) =>
      signAsPasskey(root, body),
    ),
  ])
  return { octets: encode(chainWire, chain), claims: must(claimsOfChain(chain, () => root.set)) }
}

async function signAsPasskey({ key }: Root, body: Bytes): Promise<WritecapSignature> {
  const challenge = toBase64url(rootChallenge(writecapDomain, body))
  const clientDataJson = utf8(JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false }))
  const authenticatorData = concat(rpIdHash, Uint8Array.of(5, 0, 0, 0, 0))
  const message = concat(authenticatorData, sha256(clientDataJson))
  const compact = new Uint8Array(await subtle.sign(es256Signature, key, message))
  const value = { memberIndex: 0, authenticatorData, clientDataJson, signature: lowS(compact)! }
  return { tag: 'root', value: { tag: 'passkey', value } }
}
