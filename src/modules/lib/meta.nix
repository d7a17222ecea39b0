# What packages say of themselves.
{ lib, ... }:
rec {
  addMetaAttrs =
    more: drv:
    drv
    // {
      meta = (drv.meta or { }) // more;
    };
  setPrio = priority: addMetaAttrs { inherit priority; };
  lowPrio = setPrio 10;
  hiPrio = setPrio (-10);
  # The path of the package's main program.
  getExe =
    package:
    getExe' package (
      package.meta.mainProgram or (throw "getExe: the package ${
        lib.getName package
      } does not say which its main program is; use getExe' package \"program\"")
    );
  getExe' =
    package: program:
    assert lib.assertMsg (builtins.isString program) "getExe': the second argument is the name of a program";
    assert lib.assertMsg (builtins.match ".*/.*" program == null)
      "getExe': the name of a program has no slash, but \"${program}\" has";
    "${lib.getBin package}/bin/${program}";
}
