/**
 * What elements tell each other. Each event is a class, bubbles, and crosses shadow borders.
 * @module
 */

class UiEvent extends Event {
  constructor(type: string) {
    super(type, { bubbles: true, composed: true })
  }
}

class ItemUiEvent extends UiEvent {
  readonly id: string
  constructor(type: string, id: string) {
    super(type)
    this.id = id
  }
}

/** Make this folder the ground: what the picture stands on and the list shows. */
export class GroundEvent extends ItemUiEvent {
  static readonly type = 'bt-ground'
  constructor(id: string) {
    super(GroundEvent.type, id)
  }
}

/** Show what can be done with this item. */
export class ActionsEvent extends ItemUiEvent {
  static readonly type = 'bt-actions'
  constructor(id: string) {
    super(ActionsEvent.type, id)
  }
}

/** Show the ways to add to this folder. */
export class AddEvent extends ItemUiEvent {
  static readonly type = 'bt-add'
  constructor(id: string) {
    super(AddEvent.type, id)
  }
}

/** Siblings without room in the picture were asked for; this is the first of them. */
export class UnfoldEvent extends ItemUiEvent {
  static readonly type = 'bt-unfold'
  constructor(id: string) {
    super(UnfoldEvent.type, id)
  }
}

/** A sheet was closed, by whatever way. */
export class SheetClosedEvent extends UiEvent {
  static readonly type = 'bt-sheet-closed'
  constructor() {
    super(SheetClosedEvent.type)
  }
}

/** A name was typed and accepted by the form; its host tries it. */
export class NamedEvent extends UiEvent {
  static readonly type = 'bt-named'
  readonly name: string
  constructor(name: string) {
    super(NamedEvent.type)
    this.name = name
  }
}

/** A file of this device was chosen; its host takes it. */
export class ChosenEvent extends UiEvent {
  static readonly type = 'bt-chosen'
  readonly file: File
  constructor(file: File) {
    super(ChosenEvent.type)
    this.file = file
  }
}

/** The form for a name was left without a name. */
export class NameLeftEvent extends UiEvent {
  static readonly type = 'bt-name-left'
  constructor() {
    super(NameLeftEvent.type)
  }
}
