// What is particular to each machine: where it is, and its public keys. The private ones never leave the machines.
export interface Machine {
  readonly host: string;
  /** null: at home, behind a router, or on the road. */
  readonly publicIpv4: string | null;
  readonly hostKey: string;
  readonly userKey: string;
  readonly wireguardKey: string;
}

export const machines = {
  hub: {
    host: "root@hub.example.com",
    publicIpv4: "192.0.2.1",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGcV/RTUlnW+WRZlSmxUFQVCy06WHTIPFNNLOzg6hoXt",
    userKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC7GbVuDZTbZL/17LMT2re/Ck3Z4p9FlKjHbPHzSmRmQ",
    wireguardKey: "ZsrV4ozu3nzcGiBy3SQOqThT7MPAb2P20R5wrnAM3Ww=",
  },
  nas: {
    host: "root@nas.example.com",
    publicIpv4: "192.0.2.2",
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIC7994gmjQT/g478dkvJd9zySWrhzl0XelhGVTTpXQps",
    userKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAJ2xCuEnwh3mgzllxVxnHyip8HuTjwlAf+t9wUl25B4",
    wireguardKey: "9L6ZYAXwfB9RuTfh5NJWHJlLmqQnrGTy7p5MWAr382k=",
  },
  desktop: {
    host: "root@desktop.example.com",
    publicIpv4: null,
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFjH3z5huzaXbLqrcMU4KZ/7tL9f9kjhAWkrBSaLQOWc",
    userKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF6ojM/seK8d9gjiTWweSMz2nWdbvEJOwXZUg5aKPHCI",
    wireguardKey: "YnmNvGS2HIdgsGgW4cu1863BHr5LFnMNGwvZD6wPX0U=",
  },
  media: {
    host: "root@media.example.com",
    publicIpv4: null,
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIALydNe232ldphRZyu6q+sbliafgyx4Q5ZYDJ440IAYg",
    userKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAtlzJuUn54adeBTEvSiW5wrzwVrg/d135vpFBbNDrnn",
    wireguardKey: "xFa8pynFa63ReSAPQedi6GTr9jWg0glscxmhevofZ2c=",
  },
  laptop: {
    host: "root@laptop.example.com",
    publicIpv4: null,
    hostKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOwxLEmmG5ZJDOmBdNw/lsNjNHJm9xwCb4Up985c8l3l",
    userKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFkSHCMCEQsj5I+jAN/+c2wjdeq4HCNnKocj8bTDrRer",
    wireguardKey: "aYg7wYi3LJvFtBa8ydeuqSaBYHA0g/F5YDO/o1PAgj0=",
  },
} satisfies Readonly<Record<string, Machine>>;

export type MachineName = keyof typeof machines;

/** For each machine what the function makes of it, by name. */
export function forEach<T>(make: (name: MachineName) => T): Record<MachineName, T> {
  const names = Object.keys(machines) as MachineName[];
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<MachineName, T>;
}
