/** What the options of a node say about how it is deployed, as plain data; its configuration has no part in it. */

export interface NodeSettings {
  readonly name: string;
  /** SSH destination, `[user@]host` or `ssh://[user@]host[:port]`; null: never deployed. */
  readonly host: string | null;
  readonly platform: "linux" | "nixos";
  /** The Nix system, e.g. `x86_64-linux`. */
  readonly system: string;
  readonly tags: readonly string[];
  readonly buildOn: string;
  readonly hasFastConnection: boolean;
  /** Command and arguments put in front of commands that need root; unused when the SSH user is root. */
  readonly privilegeEscalationCommand: readonly string[];
  /** Seconds the activation may take. */
  readonly switchTimeout: number;
  /** Seconds the switcher waits for the confirmation after the activation. */
  readonly successTimeout: number;
  readonly ignoreFailingSystemdUnits: boolean;
  readonly healthChecks: readonly HealthCheck[];
  /** Names of the nodes that have to be on their new system before this one is begun. */
  readonly after: readonly string[];
  /** Nodes of the same group are all on their new system in the end, or none of them. */
  readonly atomicGroup: string | null;
  readonly whenUnreachable: WhenUnreachable;
  readonly rebootPolicy: RebootPolicy;
  /** Seconds after a restart into the new system in which it has to be confirmed. */
  readonly rebootTimeout: number;
  /** Absolute path of a program on the machine that has a system started once; null: as the platform does it. */
  readonly bootSelector: string | null;
  /** In no order. */
  readonly phases: readonly DeployPhase[];
  /** Public keys of those who deploy it. */
  readonly deployers: readonly string[];
  /** `-o` options for ssh, by name. */
  readonly sshOptions: Readonly<Record<string, string>>;
}

export type WhenUnreachable = "fail" | "skip" | "retry";

/** Whether a machine is restarted into its new system. */
export type RebootPolicy = "never" | "ifNeeded" | "always";

/** Looked at between the activation and the confirmation. */
export interface HealthCheck {
  readonly name: string;
  readonly probe: Probe;
  /** How often it is tried again before it counts as failed. */
  readonly retries: number;
  /** Seconds between two tries. */
  readonly interval: number;
  /** Seconds that one try may take. */
  readonly timeout: number;
}

export type Probe =
  /** A systemd unit is active. */
  | { readonly type: "unit"; readonly unit: string }
  /** A POSIX sh script exits with 0, as root on the machine. */
  | { readonly type: "command"; readonly script: string }
  /** The same on the deploying machine. */
  | { readonly type: "localCommand"; readonly script: string }
  /** A connection is accepted. `host` null: that of the node's SSH destination. */
  | { readonly type: "tcp"; readonly host: string | null; readonly port: number }
  | {
      readonly type: "http";
      readonly url: string;
      readonly status: number;
      /** A regular expression that the body has to fit somewhere; null: any body. */
      readonly body: string | null;
    }
  | {
      readonly type: "dns";
      /** The name that is asked for. */
      readonly query: string;
      /** `A`, `AAAA`, `MX`, ... */
      readonly recordType: string;
      /** Who is asked; null: the machine. */
      readonly server: string | null;
      readonly port: number;
      /** Data that the answers have to contain, as zone files write it; none: any answer will do. */
      readonly answers: readonly string[];
    };

/** A script of the user's that runs on the deploying machine while the node is deployed. */
export interface DeployPhase {
  readonly name: string;
  readonly script: string;
  /** Names of phases, built-in ones among them, that come later. */
  readonly before: readonly string[];
  /** ...that come earlier. */
  readonly after: readonly string[];
}
