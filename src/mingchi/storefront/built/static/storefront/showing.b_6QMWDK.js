import{o,L as a}from"./index-DEEkLou2.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
