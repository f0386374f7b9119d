/**
 * Asks this engine for its verdicts on Ed25519 signatures and tells the host (`verdicts.spec.ts`). No part of the site.
 * @module
 */
import { type Bytes, fromHex, utf8 } from '../src/core/bytes/bytes.ts'
import { type Claim, isWellFormed, verifyClaim } from '../src/core/crypto/crypto.ts'
import { createCrypto } from '../src/edge/crypto/crypto.ts'

/** As C2SP/CCTV has them: key and signature hexadecimal, the message as text. */
interface CctvCase {
  readonly key: string
  readonly sig: string
  readonly msg: string
}

/** One character a case: `-` refused for its key or its S, `0` refused by the equation, `1` accepted. */
export interface Verdicts {
  readonly engine: string
  /** Whether the engine itself computed the first of the two. */
  readonly isNative: boolean
  readonly byPort: string
  readonly byCore: string
}

const claimOf = ({ key, sig, msg }: CctvCase): Claim => ({
  algorithm: 'ed25519',
  publicKey: fromHex(key) as Bytes,
  message: utf8(msg),
  signature: fromHex(sig) as Bytes,
})
const markOf = (claim: Claim, verdict: boolean): string => (!isWellFormed(claim) ? '-' : verdict ? '1' : '0')

async function judge(): Promise<Verdicts> {
  const claims = ((await (await fetch('cases.json')).json()) as CctvCase[]).map(claimOf)
  let nativeCount = 0
  const counting = new Proxy(crypto.subtle, {
    get(subtle, name: keyof SubtleCrypto) {
      if (name === 'verify') nativeCount++
      const member: unknown = subtle[name]
      return typeof member === 'function' ? (member.bind(subtle) as unknown) : member
    },
  })
  const verdicts = await createCrypto({ subtle: counting }).verify(claims)
  return {
    engine: navigator.userAgent,
    isNative: nativeCount >= claims.filter(isWellFormed).length,
    byPort: claims.map((claim, at) => markOf(claim, verdicts[at]!)).join(''),
    byCore: claims.map((claim) => markOf(claim, verifyClaim(claim))).join(''),
  }
}

const body = await judge().then(
  (verdicts) => JSON.stringify(verdicts),
  (error: Error) => JSON.stringify({ engine: error.stack ?? error.message }),
)
await fetch('verdicts', { method: 'POST', body })
