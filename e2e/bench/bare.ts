/**
 * What the platform does without us: octets over a data channel between two pages, and one record written strictly.
 * @module
 */
import type { BrowserContext, Page } from '@playwright/test'

/** What becomes of octets on their way: nothing; from a disk and onto one; that, and verified by their hashes before. */
type Manner = 'sent' | 'kept' | 'verified'

interface Bare {
  offer(): Promise<RTCSessionDescriptionInit>
  answer(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit>
  accept(answer: RTCSessionDescriptionInit): Promise<void>
  pour(sizeBytes: number, manner: Manner): Promise<number>
  write(sizeBytes: number): Promise<number>
  decide(sizeBytes: number, isSigned: boolean): Promise<number>
}
declare const bare: Bare

/** From their next documents on, the pages of a browser can do it. */
export const equip = (context: BrowserContext): Promise<unknown> =>
  context.addInitScript(() => {
    // As `facts/webrtc.md` found it fastest.
    const pieceSizeBytes = 256 * 1024
    const bufferSizeBytes = 8 * 1024 * 1024
    let connection: RTCPeerConnection
    let channel: RTCDataChannel
    /** To all others. */
    const channels: RTCDataChannel[] = []
    const described = async (): Promise<RTCSessionDescriptionInit> => {
      await connection.setLocalDescription()
      // With all candidates in it, so that one exchange is enough.
      while (connection.iceGatheringState !== 'complete')
        await new Promise((resolve) => connection.addEventListener('icegatheringstatechange', resolve, { once: true }))
      return connection.localDescription!.toJSON() as RTCSessionDescriptionInit
    }
    const receive = ({ channel }: RTCDataChannelEvent): void => {
      let sizeBytes = 0
      let manner: Manner = 'sent'
      let putting: Promise<unknown>[] = []
      let signed: ArrayBuffer
      channel.binaryType = 'arraybuffer'
      const keepAll = async (): Promise<void> => {
        const keptBytes = sizeBytes
        const isKept = manner !== 'sent'
        const pieces = putting
        sizeBytes = 0
        manner = 'sent'
        putting = []
        await Promise.all(pieces)
        // What is strictly written makes durable all that was written before.
        if (isKept) await made.write(1)
        channel.send(String(keptBytes))
      }
      const keepSigned = async (): Promise<void> => {
        if (!(await isSignedBy(signed))) throw new Error('"decide" expected a signature that holds')
        await made.write(signed.byteLength)
        channel.send('kept')
      }
      channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer | string>) => {
        if (typeof data !== 'string') {
          signed = data
          sizeBytes += data.byteLength
          if (manner === 'kept') putting.push(put(data, performance.now()))
          else if (manner === 'verified') putting.push(putVerified(data))
        } else if (data === 'kept' || data === 'verified') manner = data
        else if (data === 'keep signed') void keepSigned()
        else if (data === 'keep') {
          void made.write(sizeBytes).then(() => channel.send('kept'))
          sizeBytes = 0
        } else void keepAll()
      })
    }
    const database = new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('bare')
      opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore('rows'))
      opening.addEventListener('success', () => resolve(opening.result))
    })
    const put = async (data: ArrayBuffer | Uint8Array, key: string | number): Promise<void> => {
      const opened = await database
      const transaction = opened.transaction('rows', 'readwrite', { durability: 'relaxed' })
      transaction.objectStore('rows').put(data, key)
      await new Promise((resolve) => transaction.addEventListener('complete', resolve))
    }
    const putVerified = async (data: ArrayBuffer): Promise<void> => {
      const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data))
      if (hash.length === 32) await put(data, performance.now())
    }
    const keyPair = crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
    let signer: Promise<CryptoKey> | null = null
    /** The public key, the signature, and what is signed. */
    const signedOctets = async (octets: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> => {
      const { privateKey, publicKey } = await keyPair
      const key = new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))
      const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, octets))
      const message = new Uint8Array(96 + octets.length)
      message.set(key)
      message.set(signature, 32)
      message.set(octets, 96)
      return message
    }
    const isSignedBy = async (message: ArrayBuffer): Promise<boolean> => {
      signer ??= crypto.subtle.importKey('raw', message.slice(0, 32), 'Ed25519', false, ['verify'])
      return crypto.subtle.verify('Ed25519', await signer, message.slice(32, 96), message.slice(96))
    }
    const read = async (key: string): Promise<Uint8Array<ArrayBuffer>> => {
      const reading = (await database).transaction('rows').objectStore('rows').get(key)
      await new Promise((resolve) => reading.addEventListener('success', resolve))
      return reading.result as Uint8Array<ArrayBuffer>
    }
    const made: Bare = {
      offer() {
        connection = new RTCPeerConnection()
        channel = connection.createDataChannel('bare')
        channels.push(channel)
        channel.binaryType = 'arraybuffer'
        channel.bufferedAmountLowThreshold = bufferSizeBytes / 2
        return described()
      },
      async answer(offer) {
        connection = new RTCPeerConnection()
        connection.addEventListener('datachannel', receive)
        await connection.setRemoteDescription(offer)
        return described()
      },
      async accept(answer) {
        const isOpen = new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }))
        await connection.setRemoteDescription(answer)
        await isOpen
      },
      async pour(sizeBytes, manner) {
        const isKept = manner !== 'sent'
        if (isKept) channel.send(manner)
        const piece = crypto.getRandomValues(new Uint8Array(65536))
        const message = new Uint8Array(pieceSizeBytes).map((_, at) => piece[at % piece.length]!)
        if (isKept) await put(message, 'piece')
        const startMs = performance.now()
        let next = isKept ? read('piece') : message
        for (let sentBytes = 0; sentBytes < sizeBytes; sentBytes += message.length) {
          const piece = await next
          if (isKept) next = read('piece')
          channel.send(piece)
          if (channel.bufferedAmount > bufferSizeBytes)
            await new Promise((resolve) => channel.addEventListener('bufferedamountlow', resolve, { once: true }))
        }
        const told = new Promise<string>((resolve) =>
          channel.addEventListener('message', ({ data }: MessageEvent<string>) => resolve(data), { once: true }),
        )
        channel.send('how much?')
        if ((await told) !== String(sizeBytes)) throw new Error('"pour" expected all that was sent to arrive')
        return performance.now() - startMs
      },
      async write(sizeBytes) {
        const opened = await database
        const startMs = performance.now()
        const transaction = opened.transaction('rows', 'readwrite', { durability: 'strict' })
        transaction.objectStore('rows').put(new Uint8Array(sizeBytes), performance.now())
        await new Promise((resolve) => transaction.addEventListener('complete', resolve))
        return performance.now() - startMs
      },
      async decide(sizeBytes, isSigned) {
        const startMs = performance.now()
        const octets = new Uint8Array(sizeBytes)
        const message = isSigned ? await signedOctets(octets) : octets
        const isKept = Promise.race(
          channels.map((other) => new Promise((resolve) => other.addEventListener('message', resolve, { once: true }))),
        )
        for (const other of channels) {
          other.send(message)
          other.send(isSigned ? 'keep signed' : 'keep')
        }
        await Promise.all([made.write(sizeBytes), isKept])
        return performance.now() - startMs
      },
    }
    Object.assign(globalThis, { bare: made })
  })

export async function connectBare(from: Page, to: Page): Promise<void> {
  const offer = await from.evaluate(() => bare.offer())
  const answer = await to.evaluate((offer) => bare.answer(offer), offer)
  await from.evaluate((answer) => bare.accept(answer), answer)
}

/** Over a channel that is open. @returns milliseconds until the other side said that it has it all */
export const pour = (from: Page, sizeBytes: number, manner: Manner): Promise<number> =>
  from.evaluate(([sizeBytes, manner]) => bare.pour(sizeBytes, manner), [sizeBytes, manner] as const)

/** @returns milliseconds of one strict transaction */
export const writeStrictly = (page: Page, sizeBytes: number): Promise<number> =>
  page.evaluate((sizeBytes) => bare.write(sizeBytes), sizeBytes)

/**
 * Over the channels that are open.
 * @param isSigned here first, and verified there before it is written
 * @returns milliseconds until this side and one other have written so much strictly
 */
export const decideBare = (page: Page, sizeBytes: number, isSigned: boolean): Promise<number> =>
  page.evaluate(([sizeBytes, isSigned]) => bare.decide(sizeBytes, isSigned), [sizeBytes, isSigned] as const)
