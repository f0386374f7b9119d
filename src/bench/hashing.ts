/**
 * The Merkle tree over 64 MiB with leaves of 1 KiB, beside the same tree by hash-wasm, the fastest SHA-256 of npm that hashes
 * messages of any size. Both hash the same prefixes and come to the same root.
 * @module
 */
import { createSHA256 } from 'hash-wasm'
import { equal } from '../core/bytes/bytes.ts'
import { domainPrefix } from '../core/crypto/crypto.ts'
import { leafSizeBytes, fragmentTree } from '../core/fragment/fragment.ts'
import { type DigestMany, rootOfLevels } from '../core/merkle/merkle.ts'
import { createKernel } from '../edge/wasm/kernel.ts'
import { type Comparison, alternate } from './alternate.ts'

const sizeBytes = 64 * 1024 * 1024
const roundCount = 9

export async function measureMerkle(kernelOctets: BufferSource): Promise<Comparison> {
  const { digestMany } = createKernel(kernelOctets)
  const octets = Uint8Array.from({ length: sizeBytes }, (_, at) => Math.imul(at, 2_654_435_761) >>> 24)
  const peer = await peerDigestMany()
  let [oursRoot, peerRoot] = [new Uint8Array(), new Uint8Array()]
  const { oursMs, baselineMs } = await alternate(
    { work: async () => void (oursRoot = rootOfLevels(fragmentTree(octets, digestMany))) },
    { work: async () => void (peerRoot = rootOfLevels(fragmentTree(octets, peer))) },
    roundCount,
  )
  if (!equal(oursRoot, peerRoot)) throw new Error('the two roots differ')
  return {
    ours: sizeBytes / 1000 / oursMs,
    baseline: sizeBytes / 1000 / baselineMs,
    note: `64 MiB, leaves of ${leafSizeBytes} octets; baseline: hash-wasm`,
  }
}

/** One call a message is its fastest way: prefix and message are put together first. */
async function peerDigestMany(): Promise<DigestMany> {
  const hasher = await createSHA256()
  return (domain, messages, messageSizeBytes) => {
    const prefix = domainPrefix(domain)
    const message = new Uint8Array(prefix.length + messageSizeBytes)
    message.set(prefix)
    const count = messages.length / messageSizeBytes
    const hashes = new Uint8Array(32 * count)
    for (let index = 0; index < count; index++) {
      message.set(messages.subarray(index * messageSizeBytes, (index + 1) * messageSizeBytes), prefix.length)
      hasher.init()
      hasher.update(message)
      hashes.set(hasher.digest('binary'), 32 * index)
    }
    return hashes
  }
}
