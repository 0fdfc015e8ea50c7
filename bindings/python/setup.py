"""Adds to the package what the C build makes: yolanda_ffi.h and, where YOLANDA_BUNDLE names one, the library."""
import os
import shutil
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).resolve().parent
# A source distribution has the header in the package; the repository has it in include/.
HEADERS = (HERE / "../../include/yolanda_ffi.h", HERE / "yolanda/yolanda_ffi.h")
BUNDLE = os.environ.get("YOLANDA_BUNDLE")


def copy_header(package):
    header = next((path for path in HEADERS if path.exists()), None)
    if header is None:
        raise SystemExit("yolanda_ffi.h is missing: build in a checkout of the repository")
    shutil.copyfile(header, Path(package, "yolanda_ffi.h"))


class BuildPackage(build_py):
    def run(self):
        super().run()
        package = Path(self.build_lib, "yolanda")
        copy_header(package)
        # A build folder may have the library of an earlier build.
        Path(package, "libyolanda.so").unlink(missing_ok=True)
        if BUNDLE:
            shutil.copyfile(BUNDLE, Path(package, "libyolanda.so"))


class SourceDistribution(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        copy_header(Path(base_dir, "yolanda"))


class Package(Distribution):
    def has_ext_modules(self):
        """Whether the wheel is for one kind of processor."""
        return bool(BUNDLE)


class Wheel(bdist_wheel):
    def get_tag(self):
        python, abi, platform = super().get_tag()
        # The library doesn't depend on the Python version, only on the processor.
        return ("py3", "none", platform) if BUNDLE else (python, abi, platform)


setup(distclass=Package, cmdclass={"build_py": BuildPackage, "sdist": SourceDistribution, "bdist_wheel": Wheel})
