/**
 * A relay that rewrites descriptions: it puts itself between two browsers, with a certificate of its own towards each. Here it
 * sits in the window of one of them, at the very place where descriptions and candidates go out and come in.
 * @module
 */

/** What the page takes for its connection; the far one is between the intruder and the other browser. */
export function tamperedConnection(configuration: RTCConfiguration): RTCPeerConnection {
  return new Intruder(configuration)
}

class Intruder extends RTCPeerConnection {
  /** Towards this browser, and towards the other one. */
  private readonly near: RTCPeerConnection
  private readonly far: RTCPeerConnection

  constructor(configuration: RTCConfiguration) {
    super(configuration)
    this.near = new RTCPeerConnection(configuration)
    this.far = new RTCPeerConnection(configuration)
    this.addEventListener('icecandidate', (event) => {
      if (event.candidate) void this.near.addIceCandidate(event.candidate).catch(() => {})
      // The other browser hears of the intruder's candidates only.
      if (!(event as { readonly isFar?: boolean }).isFar) event.stopImmediatePropagation()
    })
    this.near.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) void super.addIceCandidate(candidate).catch(() => {})
    })
    this.far.addEventListener('icecandidate', ({ candidate }) => {
      const event = Object.assign(new RTCPeerConnectionIceEvent('icecandidate', { candidate }), { isFar: true })
      this.dispatchEvent(event)
    })
    for (const [side, other] of [
      [this.near, this.far],
      [this.far, this.near],
    ] as const)
      side.addEventListener('datachannel', ({ channel }) => bridge(channel, other.createDataChannel(channel.label)))
  }
  /** Its base answers to callbacks too, which nobody gives; so the type is that of no answer. */
  override async createOffer(): Promise<never> {
    this.nearOffer = await super.createOffer()
    // So that the description has a part for channels.
    this.far.createDataChannel('')
    this.farOffer = await this.far.createOffer()
    return this.farOffer as never
  }
  private nearOffer: RTCSessionDescriptionInit | null = null
  private farOffer: RTCSessionDescriptionInit | null = null

  // Each side has its remote description before a candidate can come.
  override async setLocalDescription(): Promise<void> {
    if (!this.nearOffer || !this.farOffer) throw new Error('"tamperedConnection" expected the side that dials')
    await this.near.setRemoteDescription(this.nearOffer)
    await super.setLocalDescription(this.nearOffer)
    await this.far.setLocalDescription(this.farOffer)
  }
  override async setRemoteDescription(answer: RTCSessionDescriptionInit): Promise<void> {
    await this.far.setRemoteDescription(answer)
    const nearAnswer = await this.near.createAnswer()
    await super.setRemoteDescription(nearAnswer)
    await this.near.setLocalDescription(nearAnswer)
  }
  override async addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    if (candidate) await this.far.addIceCandidate(candidate)
  }
  override close(): void {
    super.close()
    this.near.close()
    this.far.close()
  }
}

/** Passes everything on, both ways. */
function bridge(one: RTCDataChannel, other: RTCDataChannel): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.binaryType = 'arraybuffer'
    const early: ArrayBuffer[] = []
    from.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) =>
      to.readyState === 'open' ? to.send(data) : early.push(data),
    )
    to.addEventListener('open', () => early.splice(0).forEach((data) => to.send(data)))
    from.addEventListener('close', () => to.close())
  }
}
