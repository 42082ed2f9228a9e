/* Building elements. Text only ever becomes text: no function here reads HTML, because names come from phones. */

import { harmless } from './words.js';

/**
 * Makes an element.
 * @param {string} tag its name
 * @param {object|null} settings attributes; `class`, `on` (event name to listener) and properties that
 *   attributes cannot carry (`value`, `checked`, `disabled`, ...) are set the way each needs
 * @param {...(Node|string|number|null|false|Array)} children null and false are left out
 */
export function h(tag, settings, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (PROPERTIES.has(name)) {
      element[name] = value;
    } else {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  append(element, children);
  return element;
}

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'selected', 'htmlFor']);

/** Appends what is there of some children, in order. */
export function append(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : String(child));
  }
}

/** Replaces all children of an element. */
export function fill(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
  return parent;
}

/**
 * A name or a path from a phone, as text that keeps its own direction to itself and breaks where names have
 * their joints.
 */
export function named(text) {
  const pieces = harmless(text).split(/(?<=[_./-])(?=[^_./-])/);
  return h('bdi', { class: 'path' }, pieces.flatMap((piece, index) =>
    (index === 0 ? [piece] : [document.createElement('wbr'), piece])));
}

/** Changes a text only where it differs, so that live regions do not repeat themselves. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

let lastId = 0;

/** An id that nothing else on the page has. */
export function freshId(what) {
  lastId += 1;
  return `${what}-${lastId}`;
}
