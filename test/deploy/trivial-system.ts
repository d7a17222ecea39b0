/** Systems for testing deployments: store trees whose activation is a script of the test's. */
import type { EvaluatedNetwork, EvaluatedNode } from "../../src/fleet/evaluated.ts";
import type { TreeNode } from "../../src/store/tree.ts";
import { VirtualStore } from "../../src/store/virtual-store.ts";

/** What each action of switch-to-configuration does, as sh text, after the system has become the current one. */
export interface Activation {
  readonly test?: string;
  readonly boot?: string;
  /** Further files of the system, by name: texts. `init` is a program. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface TestNode extends Partial<EvaluatedNode> {
  readonly name: string;
  readonly host: string;
}

/** `test` makes it the current system; what the platform does beyond that is not the switcher's concern. */
function switchToConfiguration({ test = ":", boot = ":" }: Activation): string {
  return `#!/bin/sh
system=$(readlink -f "$0") && system=\${system%/bin/*}
case $1 in
test)
  echo "activating \${system##*-}"
  ln -sfn "$system" /run/current-system
  ${test}
  ;;
boot)
  ${boot}
  ;;
esac
`;
}

function systemTree(activation: Activation): TreeNode {
  const regular = (text: string, executable: boolean): TreeNode => {
    return { type: "regular", executable, contents: Buffer.from(text) };
  };
  const program = regular(switchToConfiguration(activation), true);
  const files = Object.entries(activation.files ?? {});
  return {
    type: "directory",
    entries: new Map<string, TreeNode>([
      ["bin", { type: "directory", entries: new Map([["switch-to-configuration", program]]) }],
      ...files.map(([name, text]) => [name, regular(text, name === "init")] as const),
    ]),
  };
}

/** A network of one node whose system is activated by these scripts. */
export function trivialNetwork(name: string, activation: Activation, node: TestNode): EvaluatedNetwork {
  const store = new VirtualStore();
  const baseline = store.addTree("baseline", systemTree({}));
  const toplevel = store.addTree(name, systemTree(activation));
  const objects = store.closure([baseline, toplevel]);
  return {
    file: "/network/default.nix",
    objects,
    warnings: [],
    failures: [],
    deployers: [],
    nodes: [
      {
        platform: "linux",
        system: "x86_64-linux",
        toplevel,
        source: { type: "memory" },
        closurePaths: [],
        baseline,
        closure: objects.map(({ path }) => path),
        tags: [],
        buildOn: "local",
        hasFastConnection: true,
        privilegeEscalationCommand: ["sudo"],
        switchTimeout: 5,
        successTimeout: 8,
        ignoreFailingSystemdUnits: false,
        packages: [],
        healthChecks: [],
        after: [],
        atomicGroup: null,
        whenUnreachable: "fail",
        rebootPolicy: "never",
        rebootTimeout: 300,
        bootSelector: null,
        phases: [],
        secrets: [],
        deployers: [],
        sshOptions: {},
        ...node,
      },
    ],
  };
}
