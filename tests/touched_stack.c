/* Valgrind sometimes can't extend the stack at the moment at which it delivers a signal ("Can't extend stack during
 * signal delivery"). Programs with this file have touched the stack that they need before. */

#define TOUCHED (256 << 10)
#define PAGE 4096

__attribute__((constructor, noinline)) static void touch_stack(void)
{
    volatile char stack[TOUCHED];
    int sum = 0;

    for (int i = TOUCHED - 1; i >= 0; i -= PAGE) {
        stack[i] = 0;
        sum += stack[i];
    }
    (void) sum;
}
