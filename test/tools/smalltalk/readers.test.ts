// Readers of source files: Tonel packages and files of chunks, what they define and what they say about bad ones.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parseChunks, readChunkFile } from "../../../tools/smalltalk/chunks.js";
import { compile } from "../../../tools/smalltalk/compiler.js";
import { renderDiagnostic } from "../../../tools/smalltalk/diagnostics.js";
import { parseTonel, readTonelPackage } from "../../../tools/smalltalk/tonel.js";
import { exampleScope } from "./listing.js";

const folder = mkdtempSync(join(tmpdir(), "stvm-readers-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ACCOUNT = `"
I am an ""account"".
"
Class {
	#name : #Account,
	#superclass : #Object,
	#type : #variable,
	#instVars : [
		'owner',
		'balance'
	],
	#classVars : [ 'Limit' ],
	#classInstVars : [ 'default' ],
	#pools : [ 'Constants' ],
	#category : #'Bank-Core'
}

{ #category : #'instance creation' }
Account class >> for: aName [

	^ self new setOwner: aName
]

{ #category : #accessing }
Account >> brackets [
	"] is in a comment" ^ { ']'. $]. #[1 2]. [ :x | x ] }
]

{ #category : #comparing }
Account >> = other [ ^ owner = other owner ]

{
	#category : 'private',
	#note : [ 1, true, nil ]
}
Account >> setOwner: aName [
	owner := aName.
	balance := yyyy
]
`;

describe("Tonel", () => {
  test("a class with its variables, comment and methods", () => {
    const { content, errors } = parseTonel(ACCOUNT, "Account.class.st");
    expect(errors).toEqual([]);
    if (content.kind !== "class") throw new Error("no class");
    const { methods, ...definition } = content.definition;
    expect(definition).toEqual({
      name: "Account",
      superclass: "Object",
      type: "variable",
      instanceVariables: ["owner", "balance"],
      classVariables: ["Limit"],
      classInstanceVariables: ["default"],
      pools: ["Constants"],
      category: "Bank-Core",
      comment: 'I am an "account".',
      file: "Account.class.st",
      line: 4,
    });
    expect(
      methods.map(({ isClassSide, selector, protocol, source }) => [isClassSide, selector, protocol, source.line]),
    ).toEqual([
      [true, "for:", "instance creation", 19],
      [false, "brackets", "accessing", 25],
      [false, "=", "comparing", 30],
      [false, "setOwner:", "private", 36],
    ]);
    expect(methods[0].source.text).toBe("for: aName\n\n\t^ self new setOwner: aName");
    expect(methods[1].source.text).toBe("brackets\n\t\"] is in a comment\" ^ { ']'. $]. #[1 2]. [ :x | x ] }");
  });

  test("errors in methods name the line and column of the file", () => {
    const { content } = parseTonel(ACCOUNT, "Account.class.st");
    const methods = content.kind === "class" ? content.definition.methods : [];
    const found = methods.flatMap(({ source }) => {
      const result = compile(source, exampleScope, { bytecodeSet: "SistaV1" });
      return result.kind === "errors"
        ? result.errors.map(({ line, column, message }) => ({ line, column, message }))
        : [];
    });
    const lines = ACCOUNT.split("\n");
    expect(found.length).toBe(4);
    for (const { line, column, message } of found) {
      const [, name] = /unknown variable (\w+)/.exec(message)!;
      expect(lines[line - 1].slice(column - 1)).toMatch(new RegExp(`^${name}\\b`));
    }
  });

  test("a package: classes sorted, extensions, name from package.st", () => {
    const path = join(folder, "Bank");
    writePackage(path, {
      "package.st": "Package { #name : #Banking }\n",
      "Zebra.class.st": "Class { #name : 'Zebra', #superclass : 'nil', #package : 'Bank', #tag : 'Tests' }\n",
      "Account.class.st": ACCOUNT,
      "Object.extension.st":
        "Extension { #name : #Object }\n\n{ #category : #'*Bank' }\nObject >> isAccount [\n\t^ false\n]\n",
      "notes.txt": "not Smalltalk",
    });
    const { content, errors } = readTonelPackage(path);
    expect(errors).toEqual([]);
    expect(content.name).toBe("Banking");
    expect(content.classes.map(({ name, superclass, category, type }) => [name, superclass, category, type])).toEqual([
      ["Account", "Object", "Bank-Core", "variable"],
      ["Zebra", undefined, "Bank-Tests", "normal"],
    ]);
    expect(content.extensions).toMatchObject([{ className: "Object", selector: "isAccount", protocol: "*Bank" }]);
  });

  test.each([
    ["no header", "hello", /Class \{ … \} or Extension \{ … \} is expected/],
    ["a header that is cut off", "Class {\n\t#name : #A,\n", /is expected here/],
    ["no name", "Class {\n\t#superclass : #A\n}", /#name is missing/],
    ["a type that is none", "Class {\n\t#name : #A,\n\t#type : #foo\n}", /#type : foo is none of normal, /],
    ["variables that are no list", "Class {\n\t#name : #A,\n\t#instVars : 'x'\n}", /#instVars is a list of names/],
    ["traits", "Class {\n\t#name : #A,\n\t#traits : 'TFoo'\n}", /traits are not supported/],
    ["a trait", "Trait {\n\t#name : #TA\n}", /traits are not supported/],
    [
      "a body without end",
      "Class { #name : #A }\n\n{ #category : #x }\nA >> foo [\n\t^ [ 3\n]\n",
      /the \] that closes/,
    ],
    [
      "another class's method",
      "Class { #name : #A }\n\n{ #category : #x }\nB >> foo [ ]\n",
      /a method of B in the file of A/,
    ],
    ["text between methods", "Class { #name : #A }\n\nfoo [ ]\n", /A >> selector \[ … \] is expected/],
  ])("%s is an error", (_, text, message) => {
    const { errors } = parseTonel(text, "A.class.st");
    expect(errors.map(renderDiagnostic).join("\n")).toMatch(message);
  });

  test("one bad method does not hide the others, and several errors come at once", () => {
    const text =
      "Class { #name : #A }\n\n{ #category : #x }\nB >> foo [ ]\n\n{ #category : #x }\nA >> bar [ ]\n\n{ #category : #x }\nC >> baz [ ]\n";
    const { content, errors } = parseTonel(text, "A.class.st");
    expect(errors.map(({ line }) => line)).toEqual([4, 10]);
    expect(content.kind === "class" && content.definition.methods.map(({ selector }) => selector)).toEqual(["bar"]);
  });

  test("a folder that is missing or no package is an error, not an exception", () => {
    expect(readTonelPackage(join(folder, "nowhere")).errors[0].message).toMatch(/no such folder/);
    writePackage(join(folder, "Empty"), {});
    expect(readTonelPackage(join(folder, "Empty")).errors[0].message).toMatch(/no Tonel package/);
  });

  test("cut off anywhere, it answers errors or a shorter file", () => {
    for (let end = 0; end < ACCOUNT.length; end++) {
      const { content, errors } = parseTonel(ACCOUNT.slice(0, end), "Account.class.st");
      if (content.kind === "none") expect(errors.length).toBeGreaterThan(0);
    }
  });
});

const CHUNKS = `'From Squeak'!
Object subclass: #Account
	instanceVariableNames: 'owner balance'
	classVariableNames: 'Limit'
	poolDictionaries: 'Constants'
	category: 'Bank'!
!Account commentStamp: 'ab 1/2/2003' prior: 0!
I am wow!! an account.!

!Account methodsFor: 'accessing' stamp: 'ab 1/2/2003'!
owner
	^ owner! !

!Account methodsFor: 'it''s private'!
shout
	^ 'hey!!'!
old
	^ 1! !

Account class
	instanceVariableNames: 'default'!

!Account class methodsFor: 'x'!
new
	^ super new! !
!Account methodsFor: 'accessing'!
owner
	"newer" ^ owner ifNil: ['?']! !
Account removeSelector: #old!
Object variableByteSubclass: #Bytes
	instanceVariableNames: ''
	classVariableNames: ''
	package: 'Bank'!
!String methodsFor: '*bank'!
asAccount
	^ Account new! !
"just a comment"!
Account new foo!
`;

describe("chunks", () => {
  test("classes with the last version of each method, extensions, and the rest as expressions", () => {
    const { content, errors } = parseChunks(CHUNKS, "bank.st");
    expect(errors).toEqual([]);
    expect(content.classes.map(({ name, type, category }) => [name, type, category])).toEqual([
      ["Account", "normal", "Bank"],
      ["Bytes", "bytes", "Bank"],
    ]);
    const [account] = content.classes;
    expect(account).toMatchObject({
      superclass: "Object",
      instanceVariables: ["owner", "balance"],
      classVariables: ["Limit"],
      classInstanceVariables: ["default"],
      pools: ["Constants"],
      comment: "I am wow! an account.",
      line: 2,
    });
    expect(
      account.methods.map(({ isClassSide, selector, protocol, source }) => [
        isClassSide,
        selector,
        protocol,
        source.text,
      ]),
    ).toEqual([
      [false, "owner", "accessing", "owner\n\t\"newer\" ^ owner ifNil: ['?']"],
      [false, "shout", "it's private", "shout\n\t^ 'hey!'"],
      [true, "new", "x", "new\n\t^ super new"],
    ]);
    expect(account.methods[1].source.line).toBe(15);
    expect(content.extensions).toMatchObject([{ className: "String", selector: "asAccount" }]);
    expect(content.expressions.map(({ text }) => text)).toEqual(["'From Squeak'", "Account new foo"]);
  });

  test.each([
    ["CR", "\r"],
    ["CR and LF", "\r\n"],
  ])("lines that end in %s, and Latin-1", (_, end) => {
    const path = join(folder, "latin1.st");
    const text = CHUNKS.replace("hey", "h\u00e9").replaceAll("\n", end);
    writeFileSync(path, Buffer.from(text, "latin1"));
    const { content } = readChunkFile(path);
    expect(content.classes[0].methods[1].source.text).toBe("shout\n\t^ 'h\u00e9!'");
    expect(content.classes[0].methods[1].source.line).toBe(15);
  });

  test("a chunk without end is an error at its start", () => {
    const { errors } = parseChunks("!A methodsFor: 'x'!\nfoo\n\t^ 1", "a.st");
    expect(errors.map(({ line, message }) => [line, message])).toEqual([
      [2, "the chunk that starts here has no ! at its end"],
    ]);
  });

  test("cut off anywhere, it does not throw", () => {
    for (let end = 0; end < CHUNKS.length; end++) parseChunks(CHUNKS.slice(0, end), "bank.st");
  });
});

function writePackage(path: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
}
