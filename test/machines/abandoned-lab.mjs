// Started by lab.machine.ts with the built library's address: makes a lab, says where it is, and waits to be killed
// without having cleaned up.

const { Lab } = await import(process.argv[2] ?? "");
const lab = await Lab.start({ machines: [{ name: "foo.example.com" }], wait: false });
console.log(lab.home);
setInterval(() => {}, 1000);
