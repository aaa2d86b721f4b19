/** A customer's identifiers as a tree: each under the one that it belongs to. */

import type { Identity, Member } from "./wire";

export interface Branch {
  member: Member;
  branches: Branch[];
}

export function nameOf({ kind, value }: { kind: string; value: string }): string {
  return `${kind}:${value}`;
}

/** The root with its branches; whose parent is not among those shown stands beside the root. */
export function treeOf({ identifiers }: Identity): Branch[] {
  const branches = new Map(identifiers.map((member): [string, Branch] => [nameOf(member), { member, branches: [] }]));
  const tops: Branch[] = [];
  for (const branch of branches.values()) {
    const parent = branches.get(branch.member.parent ?? "");
    (parent && parent !== branch ? parent.branches : tops).push(branch);
  }
  return tops;
}
