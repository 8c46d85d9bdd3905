import{o,L as a}from"./index-BfG6arTr.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
